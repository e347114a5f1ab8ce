import { runAllBulkOperations } from "@brain/engine";
import {
  courseGenerationRequested,
  distributionCreated,
  distributionViewed,
  type Envelope,
  encodeEntry,
  missionCreated,
} from "@brain/schemas";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { eventually } from "../../wait-for.ts";
import { count, goldenOf, numbers, publishOne, publishStory, tenant } from "./fixtures.ts";

const subscriber = "analytics";
const group = `edge_${subscriber}`;

// A system of its own for each test, so that each counts only its own events.
let engine: TestEngine;
beforeEach(async () => {
  engine = await createTestEngine();
});
afterEach(async () => {
  await engine?.cleanup();
});

/** A recorded mission as another program writes it to the stream. */
function foreignMission(changes: Partial<Envelope> = {}): string[] {
  return encodeEntry({
    id: crypto.randomUUID(),
    type: missionCreated.type,
    source: "mission_queue_manager",
    target: null,
    payload: {
      mission_id: "m-1",
      mission_name: "Look around",
      type: "analysis",
      priority: "NORMAL",
      created_at: "2026-11-20T10:00:00.000Z",
    },
    timestamp: "2026-11-20T10:20:30.000Z",
    meta: { schema_version: 1, producer: "mission_queue_manager", source_module: "missions" },
    mission_id: "m-1",
    task_id: null,
    correlation_id: null,
    tenant_id: tenant,
    actor_id: null,
    severity: null,
    ...changes,
  });
}

/** How many missions were counted, over all days. */
async function missions(): Promise<number> {
  const [row] = await engine.sql<{ n: string | null }>(
    "SELECT sum(count) AS n FROM analytics_counts WHERE metric = 'missions.created' AND grain = 'd'",
  );
  return Number(row?.n ?? 0);
}

/** Has every transaction fail at `when` with an error of this SQLSTATE. */
async function breakDown(sqlState: string, when: "statement" | "commit"): Promise<void> {
  await engine.sql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${sqlState}'; END $$`);
  await engine.sql(
    when === "statement"
      ? "CREATE TRIGGER refuse BEFORE INSERT ON analytics_counts FOR EACH ROW EXECUTE FUNCTION refuse()"
      : "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT OR UPDATE ON analytics_counts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()",
  );
}
const mend = () => engine.sql("DROP TRIGGER refuse ON analytics_counts");

const replayAll = async (name: string, mode: "force" | "only_missing") => {
  const started = await engine.request("POST", "/api/replays", {
    subscriber,
    name,
    mode,
    reason: "a test of the numbers",
  });
  expect(started.status, started.text).toBeLessThan(300);
  return eventually(async () => {
    await runAllBulkOperations(engine.open(), Date.now() + 20_000);
    const replay = (await engine.request("GET", `/api/replays/${started.body.id}`)).body;
    expect(replay).toMatchObject({ status: "completed", failed: 0 });
    return replay.succeeded;
  });
};

describe("publishing", () => {
  test("is left to others: what is counted starts nothing", async () => {
    const published = await publishStory(engine);
    await count(engine);
    const [row] = await engine.sql("SELECT count(*)::integer AS n FROM events");
    expect(row).toEqual({ n: published });
  });
});

describe("consuming from the stream", () => {
  test("counts an event in the hour and the day in which it happened, however late it comes", async () => {
    await engine.append(foreignMission());
    await engine.append(foreignMission({ timestamp: "2026-11-20T23:59:59.999Z" }));
    await count(engine);
    expect((await numbers(engine)).filter(({ metric }) => metric === "missions.created")).toEqual(
      [
        ["d", "2026-11-20T00:00:00.000Z", "2"],
        ["h", "2026-11-20T10:00:00.000Z", "1"],
        ["h", "2026-11-20T23:00:00.000Z", "1"],
      ].map(([grain, bucket, n]) => ({
        tenant_id: tenant,
        metric: "missions.created",
        grain,
        course_id: "",
        bucket: new Date(bucket ?? ""),
        language: "",
        kind: "analysis",
        count: n,
        total: "0",
        histogram: null,
      })),
    );
  });

  test("counts now what a clock far ahead tells of, so that no hour stays open for ever", async () => {
    await engine.append(foreignMission({ timestamp: "2099-01-01T00:00:00.000Z" }));
    await count(engine);
    const [row] = await engine.sql<{ ahead: number; n: number }>(
      "SELECT count(*) FILTER (WHERE bucket > now())::integer AS ahead, count(*)::integer AS n FROM analytics_counts",
    );
    expect(row).toEqual({ ahead: 0, n: 4 });
  });

  test("counts every type of the catalogue that it names, without a dead letter", async () => {
    const published = await publishStory(engine);
    await count(engine);
    const [events] = await engine.sql<{ n: string; types: number }>(
      "SELECT sum(count) AS n, count(DISTINCT kind)::integer AS types FROM analytics_counts WHERE metric = 'events' AND grain = 'd'",
    );
    expect(events).toEqual({ n: String(published), types: published });
    expect(await engine.deadLetters(subscriber)).toEqual([]);
  });
});

describe("redelivery", () => {
  test("of the same stream entry has no second effect", async () => {
    await publishStory(engine);
    await count(engine);
    const before = await numbers(engine);
    await engine.redis("XGROUP", "SETID", engine.stream, group, "0");
    expect((await engine.drain(subscriber)).redelivered).toBeGreaterThan(0);
    expect(await numbers(engine)).toEqual(before);
    expect(await engine.pendingCount(group)).toBe(0);
  });

  test("of the same event under a new stream id has no second effect", async () => {
    const fields = foreignMission();
    await engine.append(fields);
    await count(engine);
    await engine.append(fields);
    expect((await engine.drain(subscriber)).publishedTwice).toBe(1);
    expect(await missions()).toBe(1);
  });

  test("a second event of the same kind does have an effect, so the tests above can fail", async () => {
    await engine.append(foreignMission());
    await engine.append(foreignMission());
    await count(engine);
    expect(await missions()).toBe(2);
  });
});

describe("a replay", () => {
  test("that is forced gives the same numbers, however often", async () => {
    const published = await publishStory(engine);
    await count(engine);
    const before = await numbers(engine);
    expect(await replayAll("once more", "force")).toBe(published);
    expect(await numbers(engine)).toEqual(before);
    expect(await replayAll("and again", "force")).toBe(published);
    expect(await numbers(engine)).toEqual(before);
    // All of them were handled once more, so this could have failed.
    const [claims] = await engine.sql("SELECT count(*)::integer AS n FROM replay_claims");
    expect(claims).toEqual({ n: 2 * published });
  });

  test("counts what was passed over, each once", async () => {
    const published = await publishStory(engine);
    await count(engine);
    const before = await numbers(engine);
    await engine.sql("TRUNCATE analytics_counts, processed_events");
    expect(await replayAll("from nothing", "only_missing")).toBe(published);
    expect(await numbers(engine)).toEqual(before);
    expect(await replayAll("once more", "force")).toBe(published);
    expect(await numbers(engine)).toEqual(before);
  });
});

describe("failures", () => {
  test("a permanent one is acked, with a dead letter that says why, and counts nothing", async () => {
    await engine.append(foreignMission({ type: distributionViewed.type, payload: { slug: "no-entry" } }));
    await count(engine);
    expect(await engine.deadLetters(subscriber)).toMatchObject([
      { reason: "invalid_payload", event_type: "distribution.viewed", attempts: 1 },
    ]);
    expect(await engine.pendingCount(group)).toBe(0);
    expect(await numbers(engine)).toEqual([]);
  });

  test.each(["statement", "commit"] as const)(
    "a transient one at the %s is not acked, and counted once later",
    async (when) => {
      // What later events leave out is known.
      await publishOne(engine, courseGenerationRequested, goldenOf(courseGenerationRequested) as never);
      await publishOne(engine, distributionCreated, goldenOf(distributionCreated) as never);
      await count(engine);
      const before = await numbers(engine);
      await breakDown("40001", when);
      await publishStory(engine);
      await engine.relay();
      const tried = await engine.drain(subscriber);
      expect(tried.applied).toBe(0);
      expect(await numbers(engine)).toEqual(before);
      await mend();
      await eventually(async () => {
        await engine.drain(subscriber);
        expect(await engine.pendingCount(group)).toBe(0);
        const [due] = await engine.sql("SELECT count(*)::integer AS n FROM deliveries");
        expect(due).toEqual({ n: 0 });
      });
      const late = await numbers(engine);
      await engine.sql("TRUNCATE analytics_counts, analytics_kinds, processed_events");
      await replayAll("without a failure", "only_missing");
      expect(late).toEqual(await numbers(engine));
    },
  );

  test("what was given up counts once when it is redriven, and no more", async () => {
    await breakDown("23514", "statement");
    await publishOne(engine, missionCreated, goldenOf(missionCreated) as never);
    await count(engine);
    const [letter] = await engine.deadLetters(subscriber);
    await mend();
    const redrive = () =>
      engine.request("POST", `/api/dead-letters/${letter?.id}/redrive`, { reason: "a test of the numbers" });
    expect((await redrive()).status).toBeLessThan(300);
    await eventually(async () => {
      await runAllBulkOperations(engine.open(), Date.now() + 20_000);
      await engine.drain(subscriber);
      expect(await missions()).toBe(1);
    });
    expect(await replayAll("once more", "force")).toBe(1);
    expect(await missions()).toBe(1);
  });
});
