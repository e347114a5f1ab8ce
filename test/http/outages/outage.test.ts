import { randomUUID } from "node:crypto";
import { checkHealth, createEngine, lookAtStores } from "@brain/engine";
import { charter } from "@brain/schemas";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { testApiKey } from "../../backbone.ts";
import { recorded } from "../../recorded.ts";
import { createGatedProduct, type GatedProduct } from "../gated-product.ts";
import { healthReport } from "../sample-events.ts";

let product: GatedProduct;
beforeAll(async () => {
  product = await createGatedProduct();
});
afterEach(() => {
  product.postgres.set("open");
  product.redis.set("open");
});
afterAll(() => product?.close());

const health = () => product.send("/api/health", { headers: { authorization: "" } });
const post = (event: object) => product.send("/api/events", { method: "POST", body: JSON.stringify(event) });
const read = async (id: string) => (await product.send(`/api/events/${id}`)).body;

describe("health", () => {
  test("is 200 with all services there", async () => {
    const reply = await health();
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({
      status: "healthy",
      event_stream: true,
      database: true,
      reasons: [],
      mode: "required",
      consumers: expect.arrayContaining(["course_factory", "course_distribution"]),
      timestamp: expect.stringMatching(/Z$/),
    });
  });

  test.each([
    ["redis", { event_stream: false, database: true, reasons: ["Redis does not answer."] }],
    ["postgres", { event_stream: true, database: false, reasons: ["Postgres does not answer."] }],
  ] as const)("is 503 with %s away, and 200 when it is back", async (service, expected) => {
    product[service].set("cut");
    const away = await health();
    expect(away.status).toBe(503);
    expect(away.body).toMatchObject({ status: "unhealthy", ...expected });
    product[service].set("open");
    expect((await health()).status).toBe(200);
  });

  const neon = (change: (url: URL) => void) => {
    const url = new URL(product.neonUrl);
    change(url);
    return { NEON_DATABASE_URL: url.href };
  };
  test.each([
    [
      "the token of Redis",
      () => ({ UPSTASH_REDIS_REST_TOKEN: "of-another-database" }),
      /^Redis is not available: WRONGPASS .*UPSTASH_REDIS_REST_TOKEN/,
    ],
    [
      "the token of a further Redis",
      () => ({
        BRAIN_MORE_REDIS: `${inject("services").upstash.url.replace("127.0.0.1", "localhost")} of-another-database`,
        BRAIN_SHARDS: "2",
      }),
      /^(Redis database 2 takes nothing\. )?Redis is not available: WRONGPASS .*BRAIN_MORE_REDIS/,
    ],
    [
      "the password of Postgres",
      () => neon((url) => Object.assign(url, { password: "of-another-role" })),
      /^Postgres: it refuses the role or its password; .*NEON_DATABASE_URL/,
    ],
    [
      "the name of the database",
      () => neon((url) => Object.assign(url, { pathname: "/nosuch" })),
      /^Postgres: the database does not exist; .*NEON_DATABASE_URL/,
    ],
  ] as const)("says which setting is wrong: %s", async (_, wrong, reason) => {
    const { upstash } = inject("services");
    const settings = parseConfig({
      NEON_DATABASE_URL: product.neonUrl,
      UPSTASH_REDIS_REST_URL: upstash.url,
      UPSTASH_REDIS_REST_TOKEN: upstash.token,
      BRAIN_REDIS_PREFIX: product.prefix,
      BRAIN_API_KEY: testApiKey,
      ...wrong(),
    });
    const invocation = createEngine({ catalog: charter, consumers: [], settings }).open();
    const [{ reasons }, stores] = await Promise.all([checkHealth(invocation), lookAtStores(invocation)]);
    expect(reasons).toEqual([expect.stringMatching(reason)]);
    const refused = [stores.postgres, ...(stores.redis ?? [])].filter(({ reachable }) => !reachable);
    expect(refused).toEqual([{ reachable: false, refusal: expect.stringMatching(reason) }]);
  });

  test("does not hang with services that do not answer", async () => {
    product.redis.set("silent");
    product.postgres.set("silent");
    const startedAt = performance.now();
    const reply = await health();
    expect(reply.status).toBe(503);
    expect(reply.body).toMatchObject({ event_stream: false, database: false });
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  });
});

describe("with Redis away", () => {
  test("events are recorded and wait; when it is back they are relayed, once", async () => {
    product.redis.set("cut");
    const id = randomUUID();
    expect((await post(healthReport(undefined, { id }))).status).toBe(202);
    await product.background();
    expect(await read(id)).toMatchObject({ id, sent_at: null, stream_message_id: null });
    expect((await post(healthReport(undefined, { id }))).body.deduplicated).toBe(true);

    product.redis.set("open");
    await product.settle();
    await product.settle();
    const { stream_message_id: sent } = await read(id);
    expect(sent).toMatch(/^\d+-\d+$/);
    const entries = (await product.command("XRANGE", product.stream, "-", "+")) as [string, string[]][];
    expect(entries.filter(([, fields]) => fields.includes(id)).map(([entryId]) => entryId)).toEqual([sent]);
  });

  test("changes of the modules commit, and their events wait too", async () => {
    product.redis.set("cut");
    const created = await product.send("/api/courses/distribution/create", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        course_id: randomUUID(),
        slug: "bees-on-the-balcony",
        language: "en",
        title: "Keeping Bees on the Balcony",
        description: "Everything a beginner needs for the first year with a hive of bees on a small balcony.",
        target_group: ["private_individuals"],
        seo: {
          meta_title: "Bees on the balcony",
          meta_description: "Bees on the balcony, step by step, for everybody who has a balcony.",
          keywords: ["bees"],
        },
        cta: { label: "Start now", action: "open_course" },
      }),
    });
    expect(created.text).toContain("distribution_id");
    expect(created.status).toBe(201);
    await product.background();
    const waiting = `SELECT 1 FROM ${recorded} WHERE type = 'distribution.created' AND sent_at IS NULL`;
    expect(await product.sql(waiting)).toHaveLength(1);
    product.redis.set("open");
    await product.settle();
    expect(await product.sql(waiting)).toHaveLength(0);
  });

  test("what needs the stream says that it is not there", async () => {
    product.redis.set("cut");
    for (const [method, path] of [
      ["GET", "/api/events/stats"],
      ["GET", "/api/consumers"],
      ["POST", "/api/consumers/course_factory/drain"],
    ] as const) {
      const reply = await product.send(path, { method });
      expect(reply.status).toBe(503);
      expect(reply.body.error.code).toBe("unavailable");
    }
  });
});

describe("with Postgres away", () => {
  test("an event is refused with 503 and not recorded; the same request works when it is back", async () => {
    product.postgres.set("cut");
    const event = healthReport(undefined, { id: randomUUID() });
    const away = await post(event);
    expect(away.status).toBe(503);
    expect(await product.sql("SELECT 1 FROM events WHERE id = $1", [event.id])).toHaveLength(0);
    product.postgres.set("open");
    expect((await post(event)).status).toBe(202);
  });
});

describe("what waits for each tenant", () => {
  test("is told without what only Redis knows while Redis is away, and whole again when it is back", async () => {
    const limits = { method: "PUT", body: JSON.stringify({ weight: 3, reason: "for a test" }) };
    expect((await product.send("/api/tenants/acme/limits", limits)).status).toBe(200);
    const ofAcme = (tenants: readonly { tenant_id: string }[]) =>
      tenants.find(({ tenant_id }) => tenant_id === "acme");
    const whole = (await product.send("/api/tenants")).body;
    expect(whole.shards_away).toEqual([]);
    expect(ofAcme(whole.tenants)).toMatchObject({ weight: 3, unsent: 0, unread: 0 });
    product.redis.set("cut");
    const away = await product.send("/api/tenants");
    expect(away.status, away.text).toBe(200);
    expect(away.body.shards_away.length).toBeGreaterThan(0);
    expect(ofAcme(away.body.tenants)).toMatchObject({ weight: 3, unsent: 0, unread: null, deferred: 0 });
    product.redis.set("open");
    expect((await product.send("/api/tenants")).body).toMatchObject({ shards_away: [] });
  });

  test("is 503 while Postgres is away", async () => {
    product.postgres.set("cut");
    expect((await product.send("/api/tenants")).status).toBe(503);
  });
});
