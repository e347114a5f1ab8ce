import { sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { describe, expect, test } from "vitest";
import { registerConsumers } from "../../../src/engine/consume/define/define-consumer.ts";
import {
  consumerDetails,
  storedStatements,
} from "../../../src/engine/operations/consumers/consumer-states.ts";
import {
  type TimeWindow,
  timeWindowNames,
  timeWindows,
} from "../../../src/engine/operations/metrics/over-time.ts";
import { readOverview } from "../../../src/engine/operations/overview.ts";
import type { Backbone } from "../../backbone.ts";
import { recorded } from "../../recorded.ts";
import { invoke } from "../dispatch/fixture.ts";
import {
  createClock,
  drainUntilQuiet,
  openBackbone,
  openFaultyBackbone,
  publishBeats,
  publishReports,
  recorder,
} from "../fixture.ts";

/* What the overview tells, each number against one that was counted from outside. */

const minute = 60_000;
const hour = 60 * minute;

const look = (backbone: Backbone, window: TimeWindow = "1h", consumers = [recorder()]) =>
  readOverview(invoke(backbone, consumers), window);
const count = async (backbone: Backbone, rows: string): Promise<number> =>
  (await backbone.sql<{ count: number }>(`SELECT count(*)::integer AS count FROM ${rows}`))[0]?.count ?? -1;
const sum = (counts: readonly number[] = []) => counts.reduce((total, one) => total + one, 0);

/** Fails one of its reports for good and one for now. */
const picky = () =>
  recorder({
    retry: { maxAttempts: 2 },
    beforeReport: ({ payload }) => {
      if (payload.status === "1") throw new Error("planted");
    },
  });

describe("over time", () => {
  test("what came, was applied, retried and given up is what record, claims and dead letters hold", async () => {
    const backbone = await openBackbone();
    const consumer = picky();
    await publishReports(backbone, 5);
    await publishBeats(backbone, [["a", 1]]);
    await backbone.relay();
    await drainUntilQuiet(backbone, consumer);
    for (const window of timeWindowNames) {
      const { traffic } = await look(backbone, window, [consumer]);
      const { buckets } = timeWindows[window];
      expect(traffic?.published, window).toHaveLength(buckets);
      expect(traffic?.totals).toEqual({
        published: await count(backbone, `${recorded} WHERE sent_at IS NOT NULL`),
        applied: await count(backbone, "processed_events"),
        retried: 1,
        dead_lettered: await count(backbone, "dead_letters"),
      });
      expect(sum(traffic?.published)).toBe(6);
      expect(sum(traffic?.applied)).toBe(5);
    }
    const { traffic } = await look(backbone, "1h", [consumer]);
    // Six events within a minute at most.
    expect(traffic?.per_second.published).toBeGreaterThanOrEqual(0.1);
    expect(traffic?.per_second.published).toBeLessThanOrEqual(0.2);
  });

  test("each effect is in the bucket of its time, in each window, and in none when it is older", async () => {
    const clock = createClock();
    const backbone = await openBackbone({ now: clock.now });
    const consumer = recorder();
    const applied: number[] = [];
    for (const [events, laterMs] of [
      [3, 2 * hour],
      [2, 40 * minute],
      [4, 10 * minute],
      [1, 20_000],
    ] as const) {
      await publishReports(backbone, events);
      await backbone.relay();
      await backbone.drain(consumer);
      for (let n = 0; n < events; n += 1) applied.push(clock.now());
      clock.advance(laterMs);
    }
    for (const window of timeWindowNames) {
      const { traffic } = await look(backbone, window, [consumer]);
      const fromMs = Date.parse(traffic?.from ?? "");
      const expected = Array.from({ length: timeWindows[window].buckets }, () => 0);
      for (const atMs of applied) {
        const bucket = Math.floor((atMs - fromMs) / (traffic?.bucket_ms ?? 1));
        if (bucket >= 0) expected[bucket] = (expected[bucket] ?? 0) + 1;
      }
      expect(traffic?.applied, window).toEqual(expected);
      const endMs = fromMs + expected.length * (traffic?.bucket_ms ?? 0);
      expect(endMs).toBeGreaterThan(clock.now());
    }
    expect(applied).toHaveLength(await count(backbone, "effects"));
    const totals = async (window: TimeWindow) => (await look(backbone, window)).traffic?.totals.applied;
    expect([await totals("15m"), await totals("1h"), await totals("24h"), await totals("7d")]).toEqual([
      5, 7, 10, 10,
    ]);
    clock.advance(8 * 24 * hour);
    expect(await totals("7d")).toBe(0);
  });

  test("critical times have the percentiles of what was waited, in short windows and in long ones", async () => {
    const clock = createClock();
    const backbone = await openBackbone({ now: clock.now });
    const consumer = recorder();
    for (const [events, waitMs] of [
      [18, 200],
      [1, 20_000],
      [1, 50_000],
    ] as const) {
      await publishReports(backbone, events);
      await backbone.relay();
      clock.advance(waitMs);
      await backbone.drain(consumer);
    }
    for (const window of timeWindowNames) {
      const { critical_time: times, consumers } = await look(backbone, window, [consumer]);
      expect(times, window).toMatchObject({ count: 20, p50_ms: 250, p95_ms: 30_000, p99_ms: 60_000 });
      expect(Date.parse(times?.from ?? "")).toBeLessThanOrEqual(
        clock.now() - timeWindows[window].lastMs + 10 * minute,
      );
      expect(consumers).toMatchObject([{ critical_time: { count: 20, p95_ms: 30_000 } }]);
    }
    clock.advance(3 * hour);
    expect((await look(backbone, "1h", [consumer])).critical_time).toMatchObject({ count: 0, p50_ms: null });
    expect((await look(backbone, "24h", [consumer])).critical_time).toMatchObject({ count: 20 });
    clock.advance(30 * hour);
    expect((await look(backbone, "24h", [consumer])).critical_time).toMatchObject({ count: 0 });
  });

  test("of one consumer are its own", async () => {
    const backbone = await openBackbone();
    const [first, second] = [picky(), recorder({ subscriber: "second" })];
    await publishReports(backbone, 3);
    await backbone.relay();
    await drainUntilQuiet(backbone, first);
    const consumers = [first, second];
    const { consumers: lines } = await look(backbone, "1h", consumers);
    const own = { applied: 2, retried: 1, dead_lettered: 1 };
    expect(lines).toMatchObject([
      { subscriber: "recorder", in_window: own },
      { subscriber: "second", in_window: { applied: 0, retried: 0, dead_lettered: 0 } },
    ]);
    const invocation = invoke(backbone, consumers);
    const details = await consumerDetails(invocation, first, "15m");
    expect(details.traffic?.totals).toEqual(own);
    expect(details.traffic?.applied).toHaveLength(30);
    expect(details.critical_time).toMatchObject({ count: 2 });
    expect(details.events).toContainEqual({
      type: "lab.part.checked",
      criticality: "INFO",
      when: expect.any(String),
    });
    expect(invocation.meter.used, "round trips").toBeLessThanOrEqual(3);
  });
});

describe("what waits", () => {
  test("is told of each consumer, with its age, pauses and circuit breaker", async () => {
    const backbone = await openBackbone();
    const consumer = recorder();
    await backbone.drain(consumer);
    await publishReports(backbone, 2);
    expect((await look(backbone)).relay).toMatchObject({ backlog: 2, oldest_age_ms: expect.any(Number) });
    await backbone.relay();
    await backbone.sql(
      "INSERT INTO consumer_pauses (subscriber_name, event_type, reason) VALUES ('recorder', '', 'a'), ('recorder', 'lab.part.checked', 'b')",
    );
    const open = {
      failures: 10,
      probes: 1,
      open_since: Date.now(),
      probe_at: Date.now() + 9_000,
      error: "down",
    };
    await backbone.redis(
      "HSET",
      backbone.open().keys.breakers(),
      `${consumer.group}:0`,
      JSON.stringify(open),
    );
    const seen = await look(backbone);
    expect(seen.relay).toEqual({ backlog: 0, oldest_age_ms: null });
    expect(seen.consumers).toMatchObject([
      {
        subscriber: "recorder",
        lag: 2,
        pending: 0,
        queued: 0,
        oldest_age_ms: expect.any(Number),
        paused: true,
        paused_types: ["lab.part.checked"],
        open_brakes: 1,
        last_tick_at: expect.stringMatching(/^\d{4}-/),
      },
    ]);
  });

  test("alerts by severity, dead letters, and cron's visits", async () => {
    const backbone = await openBackbone();
    await backbone.sql(`
      INSERT INTO alerts (kind, subject, severity, message, resolved_at) VALUES
        ('a', '1', 'high', 'm', NULL), ('a', '2', 'high', 'm', NULL), ('a', '3', 'critical', 'm', NULL),
        ('a', '4', 'warning', 'm', now())`);
    await backbone.sql(`
      INSERT INTO dead_letters (subscriber_name, stream_name, stream_message_id, reason, error_class, error_message, attempts,
        first_failed_at, last_failed_at, status)
      SELECT 'recorder', 's', n || '-1', 'permanent', 'E', 'm', 1, now() - n * interval '50 minutes',
        now() - n * interval '50 minutes', CASE WHEN n = 5 THEN 'discarded' ELSE 'open' END FROM generate_series(1, 5) n`);
    await backbone.redis("HSET", backbone.open().keys.counters(0), "missed_ticks", "7");
    await backbone.redis("SET", backbone.open().keys.cronTick(), "1795000000000");
    const seen = await look(backbone, "1h");
    expect(seen.alerts).toEqual({ warning: 0, high: 2, critical: 1 });
    expect(seen.dead_letters).toEqual({ open: 4, new_in_window: 1 });
    expect((await look(backbone, "24h")).dead_letters).toEqual({ open: 4, new_in_window: 4 });
    expect(seen.consumers).toMatchObject([{ dead_letters: 4 }]);
    expect(seen.cron).toEqual({
      last_tick_at: new Date(1_795_000_000_000).toISOString(),
      last_janitor_at: null,
      missed_ticks: 7,
    });
  });
});

describe("a look", () => {
  test("makes at most four round trips, one of them to Redis, also when something waits on every shard", async () => {
    const backbone = await openBackbone({ env: { BRAIN_SHARDS: "4" } });
    const consumers = [recorder(), recorder({ subscriber: "second" })];
    await publishReports(backbone, 30);
    for (let shard = 0; shard < 4; shard += 1) await backbone.relay({ shard });
    const invocation = invoke(backbone, consumers);
    const seen = await readOverview(invocation, "7d");
    expect(seen.traffic?.totals.published).toBe(30);
    expect(seen.consumers?.every(({ oldest_age_ms: age }) => age !== null)).toBe(true);
    expect(invocation.meter.used).toBe(4);
  });

  test("says what is known while Redis is away, and that it is", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    await publishReports(backbone, 2);
    redis.inject({ kind: "refuse" }, { when: () => true });
    const seen = await look(backbone);
    expect(seen.health).toMatchObject({
      status: "unhealthy",
      event_stream: false,
      reasons: ["Redis does not answer."],
    });
    expect([seen.traffic, seen.consumers, seen.cron]).toEqual([null, null, null]);
    expect(seen.relay).toMatchObject({ backlog: 2 });
  });

  test("says what is known while Postgres refuses what is asked", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 2);
    await backbone.relay();
    await backbone.sql("ALTER TABLE consumer_pauses RENAME TO away");
    const seen = await look(backbone);
    expect(seen.traffic?.totals.published).toBe(2);
    expect([seen.consumers, seen.relay, seen.alerts]).toEqual([null, null, null]);
    expect(seen.health.event_stream).toBe(true);
    expect(seen.cron).not.toBeNull();
  });
});

test("without a stream the record alone is told", async () => {
  const backbone = await openBackbone();
  await publishReports(backbone, 2);
  const invocation = { ...backbone.open(), redis: null, mode: "degraded" as const };
  const consumers = registerConsumers(invocation.catalog, [recorder()]);
  const seen = await readOverview({ ...invocation, consumers }, "1h");
  expect(seen).toMatchObject({ health: { status: "degraded" }, traffic: null, relay: { backlog: 2 } });
  expect(seen.consumers).toMatchObject([{ subscriber: "recorder", lag: null, in_window: null }]);
});

test("of what is deferred no body is read whose type its consumer handles", async () => {
  const backbone = await openBackbone();
  // Hexadecimal digits of hashes do not compress to less than a half: each body is stored beside its row.
  await backbone.sql(`
    INSERT INTO deliveries
      (subscriber_name, shard, stream_name, stream_message_id, event_type, raw_fields, cause, queued_at)
    SELECT 'recorder', 0, 's', n || '-0', 'lab.part.checked', json_build_object('type', 'lab.part.checked', 'payload',
      (SELECT string_agg(md5(n || ':' || m), '') FROM generate_series(1, 2000) m)), 'waiting', now()
    FROM generate_series(1, 100) n`);
  const statements = storedStatements(invoke(backbone, [recorder()]));
  const query = new PgDialect().sqlToQuery(sql`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statements[1]}`);
  const [row] = await backbone.sql<{ "QUERY PLAN": { Plan: Record<string, number> }[] }>(
    query.sql,
    query.params,
  );
  const plan = row?.["QUERY PLAN"][0]?.Plan ?? {};
  const blocks = (plan["Shared Hit Blocks"] ?? 0) + (plan["Shared Read Blocks"] ?? 0);
  expect(blocks).toBeGreaterThan(0);
  // One at least of each body, were they read.
  expect(blocks).toBeLessThan(100);
});
