import { limitIngest } from "@brain/engine";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { sends, startFaultyRedis } from "../../faults.ts";
import { expectErrorShape } from "../refusal.ts";
import { healthReport } from "../sample-events.ts";
import { createSurface } from "../surface.ts";

/** A clock that stands still in a minute of its own, so that no minute ends in a test. */
const standing = () => {
  let nowMs = Math.ceil(Date.now() / 60_000) * 60_000 + 15_000;
  return {
    now: () => nowMs,
    nextMinute: () => {
      nowMs += 60_000;
    },
  };
};

async function open(perMinute: number | null, redisUrl?: string) {
  const clock = standing();
  const surface = await createSurface({
    now: clock.now,
    env: {
      ...(perMinute === null ? {} : { BRAIN_INGEST_PER_MINUTE: String(perMinute) }),
      ...(redisUrl === undefined ? {} : { UPSTASH_REDIS_REST_URL: redisUrl }),
    },
  });
  onTestFinished(() => surface.cleanup());
  const single = () => surface.post("/api/events", healthReport());
  const batch = (count: number) =>
    surface.post(
      "/api/events/batch",
      Array.from({ length: count }, () => healthReport()),
    );
  return { surface, clock, single, batch };
}

async function openCounted(perMinute: number) {
  const redis = await startFaultyRedis(inject("services").upstash.url);
  onTestFinished(() => redis.close());
  const opened = await open(perMinute, redis.url);
  const asked = () =>
    redis.requests.filter((request) => JSON.stringify(request).includes(":limits:ingest:")).length;
  return { ...opened, redis, asked };
}

describe("the limit of ingest", () => {
  test("counts events, not requests; what is beyond is refused whole, with the time to come again", async () => {
    const { surface, clock, single, batch } = await open(100);
    expect((await batch(60)).status).toBe(202);
    expect((await batch(39)).status).toBe(202);
    const refused = await batch(2);
    expectErrorShape({ ...refused, body: { error: refused.body.error } }, 429, "too_many_requests");
    expect(refused.headers.get("retry-after")).toBe("45");
    expect(refused.body.error.details).toEqual([
      { path: "events", message: "received 2, expected at most 1 until the minute is over" },
    ]);
    expect(await surface.recorded()).toBe(99);
    // One is left, and refused ones are not counted.
    expect((await single()).status).toBe(202);
    expect((await single()).status).toBe(429);
    expect(await surface.recorded()).toBe(100);
    clock.nextMinute();
    expect((await batch(100)).status).toBe(202);
  });

  test("says that a batch larger than a minute holds will never pass", async () => {
    const { surface, batch } = await open(10);
    const refused = await batch(11);
    expect(refused.status).toBe(413);
    expect(refused.body.error).toMatchObject({
      code: "payload_too_large",
      details: [{ path: "events", message: "received 11, expected at most 10" }],
    });
    expect(await surface.recorded()).toBe(0);
  });

  test("lets as many pass as it says, when all come at once and from several isolates", async () => {
    const { surface, single } = await open(40);
    const statuses = (await Promise.all(Array.from({ length: 60 }, single))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(40);
    expect(statuses.filter((status) => status === 429)).toHaveLength(20);
    // Another isolate has no share of its own, and finds nothing left.
    const other = { ...surface.open(), scope: "another isolate" };
    await expect(limitIngest(other, "identity:bootstrap", 1)).rejects.toMatchObject({
      code: "too_many_requests",
    });
    await limitIngest(other, "identity:another", 1);
  });

  test("costs a call to Redis for a fiftieth of the limit, not for each request", async () => {
    const { single, asked } = await openCounted(5_000);
    for (let n = 0; n < 30; n += 1) expect((await single()).status).toBe(202);
    expect(asked()).toBe(1);
  });

  test("refuses nobody when Redis cannot be asked", async () => {
    const { batch, redis } = await openCounted(5);
    redis.inject({ kind: "refuse" }, { when: sends("EVAL") });
    for (let n = 0; n < 3; n += 1) expect((await batch(5)).status).toBe(202);
  });

  test("control: there is none unless it is set", async () => {
    const { batch } = await open(null);
    for (let n = 0; n < 4; n += 1) expect((await batch(500)).status).toBe(202);
  });
});
