import { expect, test } from "vitest";
import type { ScheduledJob } from "../../../src/engine/consume/define/define-job.ts";
import { signalDeferred } from "../../../src/engine/consume/lease/deferred-signal.ts";
import { TransientError } from "../../../src/engine/core/errors.ts";
import { cronTick } from "../../../src/engine/dispatch/cron.ts";
import { relayAll } from "../../../src/engine/dispatch/relay-shards.ts";
import { readWorkload } from "../../../src/engine/dispatch/workload.ts";
import { runJanitor } from "../../../src/engine/retention/janitor.ts";
import type { Backbone } from "../../backbone.ts";
import { hookDatabase } from "../../faults.ts";
import {
  createClock,
  openBackbone,
  openFaultyBackbone,
  publishReports,
  recorder,
  streamEntries,
} from "../fixture.ts";
import { idsOf, invoke, soon } from "./fixture.ts";

const consumers = [recorder(), recorder({ subscriber: "second" }), recorder({ subscriber: "third" })];
const env = { BRAIN_RELAY_SWEEP_MS: "3600000", BRAIN_SHARDS: "2" };

test("an idle system costs one command to Redis a tick for all consumers and shards, and no look at Postgres", async () => {
  const { backbone, redis } = await openFaultyBackbone({ env });
  await publishReports(backbone, 5);
  await cronTick(invoke(backbone, consumers), soon());
  await cronTick(invoke(backbone, consumers), soon());
  await backbone.redis("DEL", backbone.open().keys.relayActive());

  const before = redis.requests.length;
  let statements = 0;
  for (let tick = 0; tick < 3; tick += 1) {
    const invocation = invoke(backbone, consumers);
    const db = hookDatabase(invocation.db, {
      statements: (_text, run) => {
        statements += 1;
        return run();
      },
    });
    await cronTick({ ...invocation, db }, soon());
  }
  expect(statements).toBe(0);
  const commands = redis.requests.slice(before).flat();
  expect(commands).toHaveLength(3);
});

test("control: a system with work costs more, and does it", async () => {
  const { backbone, redis } = await openFaultyBackbone({ env });
  await cronTick(invoke(backbone, consumers), soon());
  const before = redis.requests.length;
  await publishReports(backbone, 5);
  await backbone.redis("SET", backbone.open().keys.relayActive(), "1", "PX", "1000");
  await cronTick(invoke(backbone, consumers), soon());
  expect(redis.requests.slice(before).flat().length).toBeGreaterThan(5);
  expect(await backbone.sql("SELECT FROM effects")).toHaveLength(15);
});

test("names who has work: unread, pending, queued, or no group yet", async () => {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now });
  const failing = recorder({
    subscriber: "failing",
    retry: { baseMs: 60_000, capMs: 60_000 },
    beforeReport: () => {
      throw new TransientError("not yet");
    },
  });
  const all = [recorder(), failing, recorder({ subscriber: "behind" })];
  const names = async () =>
    (await readWorkload(invoke(backbone, all)))?.consumerShards.map(({ consumer }) => consumer.subscriber);
  expect(await names()).toEqual(["recorder", "failing", "behind"]);
  for (const consumer of all) await backbone.drain(consumer);
  expect(await names()).toEqual([]);
  await publishReports(backbone, 1);
  await backbone.relay();
  await backbone.drain(all[0] ?? failing);
  await backbone.drain(failing);
  expect(await names()).toEqual(["failing", "behind"]);
  const { databases, keys } = backbone.open();
  await signalDeferred({ databases, keys }, ["edge_recorder"], 1);
  expect(await names()).toEqual(["recorder", "failing", "behind"]);
});

test("names who has deferred deliveries when they are due, also when what a drain must know was forgotten, as it is after a minute", async () => {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now });
  const consumer = recorder();
  const { databases, keys } = backbone.open();
  const forget = () => backbone.redis("DEL", keys.state(consumer.group, 0));
  const names = async () => (await readWorkload(invoke(backbone, [consumer]))).consumerShards.length;
  await backbone.drain(consumer);
  await backbone.sql(
    `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, cause, attempts, due_at)
     VALUES ('recorder', 0, $1, '1-1', 'waiting', 1, $2)`,
    [backbone.stream, new Date(clock.now() + 300_000).toISOString()],
  );
  await signalDeferred({ databases, keys }, [consumer.group], 1);
  await forget();
  expect(await names()).toBe(1);
  await backbone.drain(consumer);
  await forget();
  expect(await names()).toBe(0);
  clock.advance(300_000);
  expect(await names()).toBe(1);
  await backbone.sql("DELETE FROM deliveries");
  await backbone.drain(consumer);
  await forget();
  expect(await names()).toBe(0);
});

test("looks at Postgres when cron was away for long, and when Redis forgot that it was here", async () => {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now, env });
  const sweeps = async () => (await readWorkload(invoke(backbone, consumers)))?.sweep;
  expect(await sweeps()).toBe(true);
  expect(await sweeps()).toBe(false);
  clock.advance(60_000);
  expect(await sweeps()).toBe(false);
  clock.advance(200_000);
  expect(await sweeps()).toBe(true);
  await backbone.redis("DEL", backbone.open().keys.cronTick());
  expect(await sweeps()).toBe(true);
});

const missingTicks = (backbone: Backbone) =>
  backbone.sql("SELECT message FROM alerts WHERE kind = 'missing_tick' AND resolved_at IS NULL");

test("a host that was off missed no tick; what waits is looked at all the same", async () => {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now, env });
  await cronTick(invoke(backbone, consumers), clock.now() + 20_000);
  await publishReports(backbone, 1);
  clock.advance(10 * 3_600_000);
  const restarted = { hostStartedMs: clock.now() };
  clock.advance(3_000);
  await cronTick(invoke(backbone, consumers, restarted), clock.now() + 20_000);
  expect(await missingTicks(backbone)).toEqual([]);
  expect(await backbone.sql("SELECT FROM effects")).toHaveLength(3);
});

test.each([
  ["a host that runs", 0],
  ["a host that was started meanwhile, and has been silent since", 200_000],
  ["a platform without such a host", null],
])("control: %s, whose tick is missing, is an alert", async (_what, startedAfterMs) => {
  const clock = createClock();
  const hostStartedMs = startedAfterMs === null ? null : clock.now() + startedAfterMs;
  const backbone = await openBackbone({ now: clock.now, env });
  await cronTick(invoke(backbone, consumers), clock.now() + 20_000);
  clock.advance(300_000);
  await cronTick(invoke(backbone, consumers, { hostStartedMs }), clock.now() + 20_000);
  const silentForS = (300_000 - (startedAfterMs ?? 0)) / 1_000;
  expect(await missingTicks(backbone)).toEqual([
    { message: expect.stringContaining(`Cron did not come for ${silentForS} s;`) },
  ]);
});

test("an event that was committed and never relayed is found after Redis lost everything, without a new one", async () => {
  const backbone = await openBackbone({ env });
  await cronTick(invoke(backbone, consumers), soon());
  await publishReports(backbone, 2);
  await backbone.relay();
  const { keys } = backbone.open();
  for (const key of [
    keys.stream(0),
    keys.stream(1),
    keys.cronTick(),
    keys.relaySwept(),
    keys.relayActive(),
  ]) {
    await backbone.redis("DEL", key);
  }
  await cronTick(invoke(backbone, consumers), soon());
  await cronTick(invoke(backbone, consumers), soon());
  expect(await backbone.sql("SELECT FROM effects")).toHaveLength(6);
});

test("a sweep that failed is done again at the next tick, and not after an hour", async () => {
  const backbone = await openBackbone({ env });
  await cronTick(invoke(backbone, consumers), soon());
  const { keys } = backbone.open();
  await backbone.redis("DEL", keys.relaySwept());
  const invocation = invoke(backbone, consumers);
  const away = () => Promise.reject(new TransientError("Postgres is away"));
  await cronTick({ ...invocation, db: { ...invocation.db, batch: away } }, soon(300));
  expect(await backbone.redis("EXISTS", keys.relaySwept())).toBe(0);
});

test("a stream that another program made something else of stops its own shard, and the alert says what to do", async () => {
  const consumer = recorder();
  const backbone = await openBackbone({ env: { BRAIN_SHARDS: "2" } });
  const runs: number[] = [];
  const job: ScheduledJob = {
    name: "expiry",
    run: async () => {
      runs.push(1);
      return null;
    },
  };
  const now = () => invoke(backbone, [consumer], { scheduled: new Map([[job.name, job]]) });
  const tick = () => cronTick(now(), soon(1_000));
  await publishReports(backbone, 20);
  await tick();
  const stream = backbone.open().keys.stream(0);
  await backbone.redis("DEL", stream);
  await backbone.redis("SET", stream, "planted");
  const [lost = ""] = (await streamEntries(backbone, 1)).map(({ id }) => id);
  await backbone.redis("XDEL", backbone.open().keys.stream(1), lost);
  await publishReports(backbone, 20);
  const ids = async (shard: number) =>
    (
      await backbone.sql<{ id: string }>(
        `SELECT id::text FROM events WHERE slot % 2 = ${shard} ORDER BY position`,
      )
    ).map(({ id }) => id);
  const appliedOf = async (shard: number) => {
    const known = new Set(await ids(shard));
    return (await idsOf(backbone)).filter((id) => known.has(id));
  };
  runs.length = 0;
  for (let ticks = 0; ticks < 3; ticks += 1) await tick();
  expect(runs).toHaveLength(3);
  expect((await appliedOf(1)).toSorted()).toEqual((await ids(1)).toSorted());
  const { trim } = await runJanitor(now(), soon(5_000));
  expect(trim?.error).toContain("WRONGTYPE");
  // What shard 1 had lost is found all the same.
  expect(
    await backbone.sql(
      "SELECT count(*)::int AS lost FROM unsent_events u JOIN events e ON e.position = u.position WHERE e.slot % 2 = 1",
    ),
  ).toEqual([{ lost: 1 }]);
  const alerts = await backbone.sql<{ message: string }>(
    "SELECT message FROM alerts WHERE subject = 'relay:0' AND resolved_at IS NULL",
  );
  expect(alerts).toEqual([
    { message: expect.stringMatching(/WRONGTYPE.*rename it.*sent again from the record/i) },
  ]);

  await backbone.redis("RENAME", stream, `${stream}:planted`);
  await tick();
  expect((await idsOf(backbone)).toSorted()).toEqual([...(await ids(0)), ...(await ids(1))].toSorted());
});

test("the tick after one that found Redis away looks at Postgres: events may wait that nobody could tell of", async () => {
  const { backbone, redis } = await openFaultyBackbone({ env });
  await cronTick(invoke(backbone, consumers), soon());
  redis.inject({ kind: "refuse" });
  await cronTick(invoke(backbone, consumers), soon(300));
  await publishReports(backbone, 1);
  redis.heal();
  await cronTick(invoke(backbone, consumers), soon());
  expect(await backbone.sql("SELECT FROM effects")).toHaveLength(3);
});

test("a relay that could not send to the end of its time lets another invocation go on", async () => {
  const { backbone, redis } = await openFaultyBackbone({ env });
  await publishReports(backbone, 1);
  const woken: unknown[] = [];
  redis.inject({ kind: "refuse" });
  await relayAll(invoke(backbone, consumers), soon(700), (types) => woken.push(types));
  expect(woken).toEqual([null]);
  redis.heal();
  await relayAll(invoke(backbone, consumers), soon(), (types) => woken.push(types));
  expect(woken).toEqual([null, [{ shard: expect.any(Number), types: ["lab.part.checked"] }]]);
});
