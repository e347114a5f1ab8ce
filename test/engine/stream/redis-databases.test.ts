import { createEngine, type Database, parseEngineSettings } from "@brain/engine";
import { describe, expect, test } from "vitest";
import type { Consumer } from "../../../src/engine/consume/consumer.ts";
import { MisplacedShardError, TransientError } from "../../../src/engine/core/errors.ts";
import { cronTick } from "../../../src/engine/dispatch/cron.ts";
import { drainOnce } from "../../../src/engine/dispatch/drain-once.ts";
import { drainAll } from "../../../src/engine/dispatch/drain-shards.ts";
import { relayAll } from "../../../src/engine/dispatch/relay-shards.ts";
import { readWorkload } from "../../../src/engine/dispatch/workload.ts";
import { followEvents } from "../../../src/engine/events/live.ts";
import { requireStream, type StreamInvocation } from "../../../src/engine/invocation.ts";
import { changeBlockedKey } from "../../../src/engine/operations/consumers/blocked-keys.ts";
import { consumerStates } from "../../../src/engine/operations/consumers/consumer-states.ts";
import { checkHealth } from "../../../src/engine/operations/health.ts";
import { readMetrics } from "../../../src/engine/operations/metrics/read-metrics.ts";
import { readOverview } from "../../../src/engine/operations/overview.ts";
import { reshard } from "../../../src/engine/operations/reshard.ts";
import { reconcileAll, runJanitor } from "../../../src/engine/retention/janitor.ts";
import type { RedisHttp } from "../../../src/engine/stream/redis.ts";
import { type Backbone, sandboxEnv } from "../../backbone.ts";
import { latch } from "../../latch.ts";
import { labCatalog } from "../events.ts";
import { effects, leaseMs, openBackbone, publishBeats, recorder, until } from "../fixture.ts";
import { type SecondRedis, startSecondRedis } from "./second-redis.ts";

/*
 * Shards 0 and 1 on the Redis of all tests, 2 and 3 on one of the test: two real servers behind two gateways. What is
 * of one shard is told by its key, so the agents of all four shards are found by what the record says of them.
 */

const agents = Array.from({ length: 16 }, (_, index) => `agent-${index}`);
const rounds = [1, 2, 3];

type Env = Readonly<Record<string, string>>;
/** A system on the database of the backbone, with settings of its own, as another worker may have them. */
type Open = () => StreamInvocation;

function deploy(backbone: Backbone, consumers: readonly Consumer[], env: Env): Open {
  const system = createEngine({
    catalog: labCatalog,
    settings: parseEngineSettings(
      sandboxEnv(backbone.sandbox, { BRAIN_LEASE_MS: String(leaseMs), BRAIN_STREAM_KEEP: "0", ...env }),
    ),
    consumers,
    sink: (_level, line) => backbone.logs.push(line),
  });
  const scope = crypto.randomUUID();
  return () => ({ ...requireStream(system.open(), "."), scope });
}

const onTwo = (second: SecondRedis): Env => ({ BRAIN_SHARDS: "4", BRAIN_MORE_REDIS: second.address });

async function openTwo(consumers: readonly Consumer[] = [recorder()]) {
  const second = await startSecondRedis();
  const backbone = await openBackbone();
  return { backbone, second, open: deploy(backbone, consumers, onTwo(second)) };
}

const publishRound = (backbone: Backbone, number: number) =>
  publishBeats(
    backbone,
    agents.map((agent) => [agent, number] as const),
  );

const soon = (ms = 20_000) => Date.now() + ms;

async function settle(open: Open): Promise<void> {
  await relayAll(open(), soon(), () => undefined);
  await drainAll(open(), soon(), null);
}

/** Numbers of the effects by agent, in the order in which they happened. */
async function byAgent(backbone: Backbone): Promise<Record<string, (number | null)[]>> {
  const seen: Record<string, (number | null)[]> = {};
  for (const { agent, number } of await effects(backbone)) {
    const name = agent ?? "";
    seen[name] = [...(seen[name] ?? []), number];
  }
  return seen;
}

const inOrder = (numbers: readonly number[]) =>
  Object.fromEntries(agents.map((agent) => [agent, [...numbers]]));

/** How many events were sent, by shard. */
async function sentByShard(backbone: Backbone): Promise<Map<number, number>> {
  const rows = await backbone.sql<{ shard: number; count: number }>(
    "SELECT shard, count(*)::integer AS count FROM stream_entries GROUP BY shard",
  );
  return new Map(rows.map(({ shard, count }) => [shard, count]));
}

async function lengths(redis: RedisHttp, open: Open): Promise<unknown[]> {
  return redis.pipeline([0, 1, 2, 3].map((shard) => ["XLEN", open().keys.stream(shard)]));
}

/** Follows live events from now on. */
function follow(
  invocation: StreamInvocation,
  signal: AbortSignal,
  hear: (event: { readonly payload: Readonly<Record<string, unknown>> }) => void,
) {
  const begun = latch();
  const run = async () => {
    const bounds = { signal, deadlineMs: soon(60_000), caller: "test" };
    for await (const { event } of followEvents(invocation, { wants: () => true }, null, bounds)) {
      begun.open();
      if (event !== null) hear(event as { readonly payload: Readonly<Record<string, unknown>> });
    }
  };
  return { begun: begun.opened, ended: run() };
}

const [firstOf, secondOf] = [0, 1].map((index) => (open: Open) => {
  const redis = open().databases.all[index];
  if (redis === undefined) throw new Error("there is no such database");
  return redis;
}) as [(open: Open) => RedisHttp, (open: Open) => RedisHttp];

describe("shards on two Redis databases", () => {
  test("have each event applied once, in the order of its key, and touch only their own", async () => {
    const { backbone, second, open } = await openTwo();
    for (const number of rounds) {
      await publishRound(backbone, number);
      await settle(open);
    }
    expect(await byAgent(backbone)).toEqual(inOrder(rounds));
    const sent = await sentByShard(backbone);
    const [a = 0, b = 0, c = 0, d = 0] = [0, 1, 2, 3].map((shard) => sent.get(shard));
    expect(Math.min(a, b, c, d)).toBeGreaterThan(0);
    expect(await lengths(firstOf(open), open)).toEqual([a, b, 0, 0]);
    expect(await lengths(secondOf(open), open)).toEqual([0, 0, c, d]);
    const { keys } = open();
    const found = ((await second.command("KEYS", "*")) as string[]).sort();
    const allowed = (shard: number) => [
      keys.stream(shard),
      keys.sent(shard),
      keys.counters(shard),
      keys.state("edge_recorder", shard),
    ];
    expect(found).toEqual([...allowed(2), ...allowed(3), keys.heartbeats(), keys.relayActive()].sort());
  });

  test("are told of as one system: states, overview, metrics, and one command for each in a tick of cron", async () => {
    const { backbone, open } = await openTwo();
    await publishRound(backbone, 1);
    await relayAll(open(), soon(), () => undefined);
    // The scripts are known from then on.
    await readWorkload(open());
    const invocation = open();
    const workload = await readWorkload(invocation);
    expect(invocation.meter.used).toBe(2);
    expect(workload.consumerShards.map(({ shard }) => shard)).toEqual([0, 1, 2, 3]);
    expect(workload.lengths.reduce<number>((sum, length) => sum + (length ?? 0), 0)).toBe(agents.length);
    const ages = (await consumerStates(open())).map(({ oldest_unread_age_ms: age }) => age);
    expect(ages.filter((age) => age !== null)).toHaveLength(4);
    await drainAll(open(), soon(), null);
    const { health, traffic, consumers } = await readOverview(open(), "15m");
    expect(health).toMatchObject({ status: "healthy", reasons: [] });
    expect(traffic?.totals).toMatchObject({ published: agents.length, applied: agents.length });
    expect(consumers).toMatchObject([{ lag: 0, pending: 0 }]);
    const published = (await readMetrics(open())).find(({ name }) => name === "brain_events_published");
    expect(published?.samples.map((sample) => ("value" in sample ? sample.value : null))).toEqual([
      agents.length,
    ]);
    expect((await readWorkload(open())).consumerShards).toEqual([]);
  });

  test("stop alone when their database is killed, and go on where they were when it is back", async () => {
    const { backbone, second, open } = await openTwo();
    await second.command("CONFIG", "SET", "maxmemory", "1");
    expect((await checkHealth(open())).reasons).toEqual([
      expect.stringMatching(
        /^Redis database 2 takes nothing\. .*OOM .*It is full.* The events of shard 2, 3 wait;/,
      ),
    ]);
    await second.command("CONFIG", "SET", "maxmemory", "0");
    await publishRound(backbone, 1);
    await settle(open);
    const sent = await sentByShard(backbone);
    const ofFirst = (sent.get(0) ?? 0) + (sent.get(1) ?? 0);
    const following = new AbortController();
    const heard: number[] = [];
    const live = follow(open(), following.signal, (event) => heard.push(Number(event.payload.reading)));
    await live.begun;
    await second.kill();
    await publishRound(backbone, 2);
    const news = new Set<number>();
    await relayAll(open(), soon(2_000), (told) => told?.forEach(({ shard }) => void news.add(shard)));
    expect([...news].sort()).toEqual([0, 1]);
    await cronTick(open(), soon());
    expect(await effects(backbone)).toHaveLength(agents.length + ofFirst);

    await until(
      () => heard.length,
      (count) => count === ofFirst,
      "live events of the shards that go on",
    );
    following.abort();
    await live.ended;

    const health = await checkHealth(open());
    expect(health).toMatchObject({ status: "unhealthy", event_stream: false });
    expect(health.reasons).toContain(
      "Redis database 2 does not answer: the events of shard 2, 3 wait; those of the others go on.",
    );
    const seen = await readOverview(open(), "15m");
    expect(seen.health.reasons).toContain(health.reasons[0]);
    expect(seen.consumers).toMatchObject([{ lag: null, pending: null }]);
    expect((await consumerStates(open())).map(({ lag }) => lag)).toEqual([0, 0, null, null]);
    const families = new Map((await readMetrics(open())).map((one) => [one.name, one]));
    expect(families.get("brain_events_published")?.samples).toEqual([]);

    await second.bringBack();
    await cronTick(open(), soon());
    expect(await byAgent(backbone)).toEqual(inOrder([1, 2]));
    expect((await checkHealth(open())).reasons).toEqual([]);
  });

  test("are compared and trimmed where they are, and sent again when their database lost its data", async () => {
    const { backbone, second, open } = await openTwo();
    await publishRound(backbone, 1);
    await settle(open);
    await publishRound(backbone, 2);
    await relayAll(open(), soon(), () => undefined);
    const before = await sentByShard(backbone);
    const ofSecond = (before.get(2) ?? 0) + (before.get(3) ?? 0);
    await second.command("FLUSHALL");
    const reports = await reconcileAll(open(), soon());
    expect(reports.map(({ shard, missing }) => [shard, missing > 0])).toEqual([
      [0, false],
      [1, false],
      [2, true],
      [3, true],
    ]);
    expect(reports.reduce((sum, { restored }) => sum + restored, 0)).toBe(ofSecond);
    await settle(open);
    expect(await byAgent(backbone)).toEqual(inOrder([1, 2]));

    const { trim } = await runJanitor(open(), soon());
    expect(trim?.result?.map(({ kept }) => kept)).toEqual([0, 0, 0, 0]);
    expect(await lengths(secondOf(open), open)).toEqual([0, 0, 0, 0]);
    expect((await reconcileAll(open(), soon())).every(({ missing }) => missing === 0)).toBe(true);
  });

  test("keep the janitor from the shards of the other database no more than a drain", async () => {
    const { backbone, second, open } = await openTwo();
    await publishRound(backbone, 1);
    await settle(open);
    await second.kill();
    const { trim, reconcile } = await runJanitor(open(), soon());
    expect([trim?.error, reconcile?.error].every((error) => error !== null)).toBe(true);
    expect(await lengths(firstOf(open), open)).toEqual([0, 0, 0, 0]);
  });
});

describe("a shard", () => {
  /** All is sent and half of it applied; then a worker comes that has the shards elsewhere. */
  async function withWrongWorker(envOf: (second: SecondRedis) => Env) {
    const consumer = recorder();
    const { backbone, second, open } = await openTwo([consumer]);
    await publishRound(backbone, 1);
    await settle(open);
    await publishRound(backbone, 2);
    await relayAll(open(), soon(), () => undefined);
    const wrong = deploy(backbone, [consumer], { BRAIN_SHARDS: "4", ...envOf(second) });
    const sent = await sentByShard(backbone);
    return { backbone, open, wrong, consumer, sent };
  }

  test.each([
    [
      "that has them in another order",
      (second: SecondRedis) => ({ BRAIN_MORE_REDIS: second.address, BRAIN_SHARD_DATABASES: "1,2,1,2" }),
    ],
    ["that knows of one database only", () => ({})],
  ] as const)(
    "is refused to a worker %s: nothing is sent again, read or compared there, and health says what to set",
    async (_, envOf) => {
      const { backbone, open, wrong, consumer, sent } = await withWrongWorker(envOf);
      await publishRound(backbone, 3);
      await relayAll(wrong(), soon(), () => undefined, { verify: true });
      for (let tries = 0; tries < 3; tries += 1) await cronTick(wrong(), soon());
      const drain = drainOnce(wrong(), consumer, { shard: 2, deadlineMs: soon() });
      await expect(drain).rejects.toBeInstanceOf(MisplacedShardError);
      await expect(reconcileAll(wrong(), soon())).rejects.toBeInstanceOf(MisplacedShardError);
      const now = await sentByShard(backbone);
      // What is rightly placed goes on.
      expect(now.get(2)).toBe(sent.get(2));
      expect(now.get(0)).toBeGreaterThan(sent.get(0) ?? 0);
      const wrongHealth = await checkHealth(wrong());
      expect(wrongHealth.status).toBe("unhealthy");
      expect(wrongHealth.reasons[0]).toMatch(
        wrong().databases.all.length > 1
          ? /^The settings put shard 1, 2 on another Redis database than .* Set BRAIN_SHARD_DATABASES=1,1,2,2,/
          : /^The settings put shard 2, 3 on another .* Put database 2 into BRAIN_MORE_REDIS again/,
      );
      expect(backbone.logs.some((line) => line.includes("MisplacedShardError"))).toBe(true);

      await settle(open);
      expect(await byAgent(backbone)).toEqual(inOrder(rounds));
      const [epochs] = await backbone.sql<{ most: number }>(
        "SELECT max(epoch)::integer AS most FROM consumer_shards",
      );
      expect(epochs?.most).toBeLessThan(20);
    },
  );

  test("would be sent again as a whole, if the record did not remember where it is", async () => {
    const { backbone, wrong, sent } = await withWrongWorker(() => ({}));
    await backbone.sql("UPDATE relay_shards SET redis_database = NULL");
    await relayAll(wrong(), soon(), () => undefined, { verify: true });
    expect(await lengths(firstOf(wrong), wrong)).toEqual([0, 1, 2, 3].map((shard) => sent.get(shard)));
  });

  test("may go to any database before anything was sent", async () => {
    const { backbone, second, open } = await openTwo();
    await reshard(open(), 0);
    const other = deploy(backbone, [recorder()], { ...onTwo(second), BRAIN_SHARD_DATABASES: "1,2,1,2" });
    await publishRound(backbone, 1);
    await settle(other);
    expect(await byAgent(backbone)).toEqual(inOrder([1]));
    expect((await checkHealth(open())).reasons[0]).toMatch(/Set BRAIN_SHARD_DATABASES=1,2,1,2,/);
  });
});

describe("a further database", () => {
  test("comes with further shards, while everything runs: each key stays in order, and no shard moves", async () => {
    const second = await startSecondRedis();
    const backbone = await openBackbone();
    let healed = false;
    const consumer = recorder({
      retry: { baseMs: 500, capMs: 500, maxAttempts: 500 },
      beforeBeat: ({ payload }) => {
        if (payload.meter_id === agents[0] && !healed) throw new TransientError("not yet");
      },
    });
    const small = deploy(backbone, [consumer], { BRAIN_SHARDS: "2" });
    const large = deploy(backbone, [consumer], onTwo(second));
    await publishRound(backbone, 1);
    await relayAll(small(), soon(), () => undefined);
    await drainAll(small(), soon(2_000), null);
    // The first agent's event is pending: the change waits for it.
    await publishRound(backbone, 2);
    await relayAll(large(), soon(300), () => undefined);
    expect(await reshard(large(), 0)).toMatchObject({ state: "waiting", shards: 2, target: 4 });
    healed = true;
    await until(
      async () => {
        await drainAll(large(), soon(), null);
        if ((await reshard(large(), 0)).state !== "waiting") await relayAll(large(), soon(), () => undefined);
        return byAgent(backbone);
      },
      (seen) => agents.every((agent) => seen[agent]?.length === 2),
      "both rounds",
    );
    await publishRound(backbone, 3);
    await settle(large);
    expect(await byAgent(backbone)).toEqual(inOrder(rounds));
    const [, , c, d] = await lengths(secondOf(large), large);
    expect(Math.min(Number(c), Number(d))).toBeGreaterThan(0);
    expect((await checkHealth(large())).reasons).toEqual([]);
  });

  test("without further shards is refused before the relay waits for anything", async () => {
    const { backbone, second } = await openTwo();
    const consumer = recorder();
    const one = deploy(backbone, [consumer], { BRAIN_SHARDS: "2" });
    await publishRound(backbone, 1);
    await settle(one);
    const moved = deploy(backbone, [consumer], {
      ...{ BRAIN_SHARDS: "3", BRAIN_MORE_REDIS: second.address, BRAIN_SHARD_DATABASES: "1,2,2" },
    });
    expect(await reshard(moved(), 0)).toMatchObject({ state: "refused", shards: 2, target: null });
    await publishRound(backbone, 2);
    await settle(one);
    expect(await byAgent(backbone)).toEqual(inOrder([1, 2]));
  });
});

describe("an unblock of a key in the queue is done, and says so", () => {
  const wanted = { key: "a", reason: "the agent is back" };
  const by = { actorId: null, requestId: "r-1" };
  const unblock = (invocation: StreamInvocation) =>
    changeBlockedKey(invocation, recorder(), "unblock", wanted, by);

  /** A delivery that waits in the queue of shard 0 for its next try. */
  async function defer(backbone: Backbone): Promise<void> {
    await backbone.sql(
      `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, cause, key,
         attempts, due_at, last_error)
       VALUES ('recorder', 0, $1, '1-0', $2, 'lab.part.checked', 'waiting', 'a', 1, now() + interval '1 hour', 'Line: away')`,
      [backbone.stream, crypto.randomUUID()],
    );
  }

  const stateOf = (backbone: Backbone) =>
    backbone.sql("SELECT overtakable, due_at <= now() AS is_due FROM deliveries");

  test("while another database is away", async () => {
    const { backbone, second, open } = await openTwo();
    await defer(backbone);
    await second.kill();
    await expect(unblock(open())).resolves.toMatchObject({ key: "a", where: "queue" });
    expect(await stateOf(backbone)).toEqual([{ overtakable: true, is_due: true }]);
    expect(backbone.logs.join("\n")).toContain("Redis could not be told of");
  });

  test("when Redis is stopped behind its commit", async () => {
    const redis = await startSecondRedis();
    const backbone = await openBackbone();
    const [url = "", token = ""] = redis.address.split(" ");
    const open = deploy(backbone, [recorder()], {
      UPSTASH_REDIS_REST_URL: url,
      UPSTASH_REDIS_REST_TOKEN: token,
    });
    await defer(backbone);
    const invocation = open();
    const db: Database = {
      ...invocation.db,
      async transaction(run, frame) {
        const done = await invocation.db.transaction(run, frame);
        await redis.kill();
        return done;
      },
    };
    await expect(unblock({ ...invocation, db })).resolves.toMatchObject({ key: "a", where: "queue" });
    expect(await stateOf(backbone)).toEqual([{ overtakable: true, is_due: true }]);
    // Nobody was told, and the first tick of cron that finds Redis again comes to it: its body is gone.
    await redis.bringBack();
    await cronTick(open(), soon());
    expect(await stateOf(backbone)).toEqual([]);
    expect(await backbone.sql("SELECT reason FROM dead_letters")).toEqual([{ reason: "body_lost" }]);
  });
});
