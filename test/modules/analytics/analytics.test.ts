import {
  courseGenerationRequested,
  distributionCreated,
  distributionViewed,
  missionCreated,
  paymentRefundCompleted,
  paymentTransactionCompleted,
} from "@brain/schemas";
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mostKinds } from "../../../src/modules/analytics/metrics.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { count, courseOfExamples, goldenOf, publishOne, publishStory, tenant } from "./fixtures.ts";

const base = "/api/analytics";

let engine: TestEngine;
beforeEach(async () => {
  engine = await createTestEngine();
});
afterEach(async () => {
  await engine?.cleanup();
});

const get = async (path: string) => {
  const answer = await engine.request("GET", `${base}${path}`);
  expect(answer.status, answer.text).toBe(200);
  return answer;
};

const golden = <Payload extends object>(definition: Parameters<typeof goldenOf>[0], changes: Payload) => ({
  ...(goldenOf(definition) as object),
  ...changes,
});

/** A payment for the course of the examples. */
function paid(definition: typeof paymentTransactionCompleted, amount: number, currency: string) {
  return publishOne(
    engine,
    definition,
    golden(definition, {
      payment_id: crypto.randomUUID(),
      amount_cents: amount,
      currency,
      course_id: courseOfExamples,
      tenant_id: tenant,
    }) as never,
  );
}

describe("what is counted", () => {
  test("is money in the smallest unit, exact, by currency and by the language of the course", async () => {
    await publishOne(engine, courseGenerationRequested, goldenOf(courseGenerationRequested) as never);
    for (let payment = 0; payment < 3; payment++) await paid(paymentTransactionCompleted, 1_999, "EUR");
    await paid(paymentTransactionCompleted, 9_007_199_254_740_000, "JPY");
    await paid(paymentRefundCompleted as never, 999, "EUR");
    await count(engine);
    const { rows } = (await get("/rates?group_by=language")).body;
    expect(rows).toMatchObject([
      {
        language: "de",
        revenue: {
          EUR: { received: 5_997, refunded: 999, reversed: 0, net: 4_998 },
          JPY: { received: 9_007_199_254_740_000, refunded: 0, reversed: 0, net: 9_007_199_254_740_000 },
        },
      },
    ]);
  });

  test("is a view of a variant with the course and the language of its entry", async () => {
    const entry = (id: string, derived_from: string | null) =>
      golden(distributionCreated, {
        distribution_id: id,
        course_id: courseOfExamples,
        language: "fr",
        derived_from,
      }) as never;
    const [parent, variant] = ["dist_00000000000000aa", "dist_00000000000000bb"];
    await publishOne(engine, distributionCreated, entry(parent, null));
    await publishOne(engine, distributionCreated, entry(variant, parent));
    for (const [distribution_id, views] of [
      [parent, 3],
      [variant, 4],
      ["dist_00000000000000cc", 5],
    ] as const) {
      const view = golden(distributionViewed, { distribution_id, views, referrer_category: null });
      await publishOne(engine, distributionViewed, view as never);
    }
    await count(engine);
    const views = (await get("/metrics?metric=distributions.views&group_by=language,kind")).body.rows;
    expect(views).toEqual([
      { metric: "distributions.views", language: "fr", kind: "base", count: 3 },
      { metric: "distributions.views", language: "fr", kind: "variant", count: 4 },
      // Of an entry that nobody told of.
      { metric: "distributions.views", language: "und", kind: "base", count: 5 },
    ]);
    const course = (await get(`/courses/${courseOfExamples}`)).body;
    expect(course.funnel.find(({ stage }: { stage: string }) => stage === "viewed")).toMatchObject({
      count: 7,
    });
    expect(course.funnel.find(({ stage }: { stage: string }) => stage === "distributed")).toMatchObject({
      count: 1,
    });
  });

  test("is bounded: kinds beyond a number, and those that are no plain word, are one", async () => {
    const mission = (type: string) =>
      golden(missionCreated, { mission_id: crypto.randomUUID(), type }) as never;
    await engine.publish({ source: "story", tenant_id: tenant }, async (publish) => {
      for (let at = 0; at < mostKinds + 50; at++) await publish(missionCreated, mission(`kind-${at}`));
      await publish(missionCreated, mission("Anna Smith, Berlin"));
    });
    await count(engine);
    const rows = (await get("/metrics?metric=missions.created&group_by=kind")).body.rows;
    const kinds = new Map<string, number>(
      rows.map((row: { kind: string; count: number }) => [row.kind, row.count]),
    );
    expect(kinds.size).toBe(mostKinds + 1);
    expect(kinds.get("other")).toBe(51);
    expect(JSON.stringify(rows)).not.toContain("Anna");
  });
});

describe("the routes", () => {
  test("tell the funnel and events, by time and language, as JSON and as CSV", async () => {
    await publishStory(engine);
    await count(engine);
    const { rows } = (await get("/funnel?interval=hour")).body;
    expect(rows).toHaveLength(1);
    expect(rows[0].stages.map(({ stage }: { stage: string }) => stage)).toEqual([
      "requested",
      "completed",
      "distributed",
      "viewed",
      "enrolled",
      "paid",
      "learned",
    ]);
    expect(rows[0].stages[0]).toEqual({ stage: "requested", count: 1, of_previous: null });
    expect(rows[0].stages[1]).toEqual({ stage: "completed", count: 1, of_previous: 1 });
    const csv = await get("/funnel?format=csv&group_by=time,language");
    expect(csv.text.split("\r\n")[0]).toBe(
      "time,language,requested,completed,distributed,viewed,enrolled,paid,learned",
    );
    expect(csv.text).toMatch(/^\d{4}-\d\d-\d\dT00:00:00Z,de,1,1,/m);
    const events = (await get("/events?type=mission.*")).body.rows;
    expect(events.map(({ type }: { type: string }) => type)).toEqual([
      "mission.cancelled",
      "mission.completed",
      "mission.created",
      "mission.failed",
      "mission.started",
    ]);
    expect((await get("/events?format=csv&type=mission.created")).text).toBe(
      "type,count\r\nmission.created,1\r\n",
    );
    // `_` is no wildcard.
    expect((await get("/events?type=course_*")).body.rows).toEqual([]);
    const metrics = await get("/metrics?metric=courses.completed,approvals.consumed&group_by=");
    expect(metrics.body.rows).toMatchObject([
      { metric: "approvals.consumed", count: 1, histogram: expect.any(Array) },
      { metric: "courses.completed", count: 1, average: expect.any(Number) },
    ]);
    expect(Object.keys(metrics.body.metrics)).toEqual(["courses.completed", "approvals.consumed"]);
    expect((await get("/metrics?format=csv")).text.split("\r\n").length).toBeGreaterThan(30);
  });

  test.each([
    ["/metrics?metric=nothing", "metric"],
    ["/metrics?group_by=colour", "group_by"],
    ["/funnel?from=2026-01-01", "from"],
    ["/funnel?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", "from"],
    ["/events?interval=hour&from=2020-01-01T00:00:00Z", "from"],
    ["/rates?language=german", "language"],
    ["/events?to=0001-01-01T00:00:00Z", "from"],
  ])("refuse %s and name the field", async (path, field) => {
    const answer = await engine.request("GET", `${base}${path}`);
    expect(answer.status, answer.text).toBe(422);
    expect(answer.text).toContain(field);
  });

  test.each(["/metrics", "/events", "/funnel", "/rates"])(
    "%s begins in year 1 at the earliest: Postgres has no year 0, and JavaScript writes it with a sign",
    async (path) => {
      expect((await get(`${path}?to=0001-03-01T00:00:00Z`)).body.from).toBe("0001-01-30T00:00:00.000Z");
      expect((await get(`${path}?to=0001-01-02T00:00:00Z`)).body.from).toBe("0001-01-01T00:00:00.000Z");
    },
  );

  test("say 404 of a course of which nothing was counted, and zeros of one outside of the range", async () => {
    await publishOne(engine, courseGenerationRequested, goldenOf(courseGenerationRequested) as never);
    await count(engine);
    expect((await engine.request("GET", `${base}/courses/nobody`)).status).toBe(404);
    const old = await get(`/courses/${courseOfExamples}?from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z`);
    expect(old.body.rows).toEqual([]);
    expect(old.body.rates.generation_failure_rate).toBeNull();
  });

  test("show a tenant its own numbers, and the database shows no others either", async () => {
    await publishStory(engine);
    await publishStory(engine, "globex");
    await publishStory(engine, null);
    await count(engine);
    const made = await engine.request("POST", "/api/keys", {
      name: "a reader",
      tenant_id: "globex",
      scopes: ["analytics:read"],
    });
    const authorization = `Bearer ${made.body.key}`;
    const own = await engine.request("GET", `${base}/funnel?group_by=tenant`, undefined, { authorization });
    expect(own.body.rows.map(({ tenant_id }: { tenant_id: string }) => tenant_id)).toEqual(["globex"]);
    const foreign = await engine.request("GET", `${base}/funnel?tenant_id=acme`, undefined, {
      authorization,
    });
    expect(foreign.status).toBe(403);
    const all = await get("/funnel?group_by=tenant");
    // Where the envelope names no tenant and the payload does, that one is meant.
    expect(all.body.rows.map(({ tenant_id }: { tenant_id: string | null }) => tenant_id)).toEqual([
      "acme",
      "globex",
      "tenant-1",
      null,
    ]);
    const walled = engine.open().db.ofTenant("globex");
    for (const table of ["analytics_counts", "analytics_subjects", "analytics_kinds"]) {
      const seen = await walled.rows(sql`SELECT DISTINCT tenant_id FROM ${sql.identifier(table)}`);
      expect(seen, table).toEqual([{ tenant_id: "globex" }]);
    }
  });
});

test("hours and days are deleted when their time is over, and kinds with them", async () => {
  const mission = (type: string) =>
    golden(missionCreated, { mission_id: crypto.randomUUID(), type }) as never;
  await publishOne(engine, missionCreated, mission("old"));
  await publishOne(engine, missionCreated, mission("new"));
  await count(engine);
  const old = "WHERE metric = 'missions.created' AND kind = 'old' AND grain";
  await engine.sql(`UPDATE analytics_counts SET bucket = bucket - interval '91 days' ${old} = 'h'`);
  await engine.sql(`UPDATE analytics_counts SET bucket = bucket - interval '1101 days' ${old} = 'd'`);
  await engine.cron();
  expect(await engine.sql("SELECT DISTINCT kind FROM analytics_counts WHERE metric <> 'events'")).toEqual([
    { kind: "new" },
  ]);
  expect(await engine.sql("SELECT kind FROM analytics_kinds")).toEqual([{ kind: "new" }]);
});
