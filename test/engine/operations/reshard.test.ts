import { createEngine, parseEngineSettings } from "@brain/engine";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Consumer } from "../../../src/engine/consume/consumer.ts";
import { registerConsumers } from "../../../src/engine/consume/define/define-consumer.ts";
import { drainConsumer } from "../../../src/engine/consume/drain/drain.ts";
import { signalDeferred } from "../../../src/engine/consume/lease/deferred-signal.ts";
import { TransientError } from "../../../src/engine/core/errors.ts";
import { requireStream, type StreamInvocation } from "../../../src/engine/invocation.ts";
import {
  describeLayout,
  layoutProblem,
  longChangeMs,
  reshard,
} from "../../../src/engine/operations/reshard.ts";
import { type RelayResult, relay } from "../../../src/engine/relay/relay.ts";
import { type Backbone, sandboxEnv } from "../../backbone.ts";
import { hookDatabase, sends } from "../../faults.ts";
import { latch } from "../../latch.ts";
import { recorded } from "../../recorded.ts";
import { hangMs } from "../../wait-for.ts";
import { labCatalog } from "../events.ts";
import {
  effects,
  leaseMs,
  numbersOf,
  openBackbone,
  openFaultyBackbone,
  publishBeats,
  recorder,
  streamEntries,
  until,
} from "../fixture.ts";

/** The same system with another BRAIN_SHARDS, as after a deployment. */
function deploy(
  backbone: Backbone,
  shards: number,
  consumers: readonly Consumer[],
  env: Readonly<Record<string, string>> = {},
): () => StreamInvocation {
  const settings = parseEngineSettings(
    sandboxEnv(backbone.sandbox, { BRAIN_LEASE_MS: String(leaseMs), BRAIN_SHARDS: String(shards), ...env }),
  );
  const system = createEngine({
    catalog: labCatalog,
    settings,
    consumers,
    sink: (_level, line) => backbone.logs.push(line),
  });
  return () => {
    const invocation = requireStream(system.open(), ".");
    return { ...invocation, consumers: registerConsumers(invocation.catalog, consumers) };
  };
}

type Open = ReturnType<typeof deploy>;

const shardsOf = (open: Open) => Array.from({ length: open().publish.shards }, (_, shard) => shard);

function relayShard(open: Open, shard: number): Promise<RelayResult> {
  const invocation = open();
  return relay({ ...invocation, settings: invocation.relay }, { shard, mayGoOn: () => true });
}

async function relayEach(open: Open): Promise<number> {
  const results = await Promise.all(shardsOf(open).map((shard) => relayShard(open, shard)));
  return results.reduce((sum, { sent }) => sum + sent, 0);
}

async function drainEach(open: Open, consumer: Consumer): Promise<void> {
  for (const shard of shardsOf(open)) {
    const deps = { ...open(), onPublished: () => undefined };
    await drainConsumer(deps, consumer, { shard, deadlineMs: Date.now() + 20_000, maxEvents: 100_000 });
  }
}

const look = (open: Open) => reshard(open(), 0);

const layoutOf = async (backbone: Backbone) =>
  (
    await backbone.sql<{ shards: number; target: number | null }>("SELECT shards, target FROM relay_layout")
  )[0];

/** An agent whose events move away from shard 0 when there are four. */
async function movingAgent(backbone: Backbone): Promise<string> {
  const [row] = await backbone.sql<{ agent: string }>(
    `SELECT 'agent-' || i AS agent FROM generate_series(1, 100) AS i
     WHERE ('x' || left(md5('agent-' || i), 4))::bit(16)::integer % 4 <> 0 LIMIT 1`,
  );
  return row?.agent ?? "";
}

describe("more shards on a running system", () => {
  test("keep each key in order and lose or repeat nothing, with a key that fails meanwhile and an old worker that stays", async () => {
    const backbone = await openBackbone();
    const agents = Array.from({ length: 24 }, (_, index) => `agent-${index}`);
    const rounds = 16;
    const failing = await movingAgent(backbone);
    let healed = false;
    const consumer = recorder({
      batchSize: 20,
      retry: { baseMs: 20, capMs: 20, maxAttempts: 500 },
      beforeBeat: ({ payload }) => {
        const isSick = payload.meter_id === failing && payload.reading >= 4;
        if (isSick && !healed) throw new TransientError("not yet");
      },
    });
    const errors: unknown[] = [];
    const stop = { old: false, all: false };
    const work = async (open: Open, hasEnded: () => boolean) => {
      while (!hasEnded()) {
        try {
          await relayEach(open);
          await reshard(open(), 0);
          await drainEach(open, consumer);
        } catch (error) {
          errors.push(error);
        }
      }
    };
    const waits = latch();
    const publisher = async (own: readonly string[]) => {
      for (let number = 1; number <= rounds; number += 1) {
        // The second half is published while the change waits and when it happens.
        if (number > rounds / 2) await waits.opened;
        for (let at = 0; at < own.length; at += 4) {
          await publishBeats(
            backbone,
            own.slice(at, at + 4).map((agent) => [agent, number] as const),
          );
        }
      }
    };
    const old = deploy(backbone, 1, [consumer]);
    const raised = deploy(backbone, 4, [consumer]);
    const oldWorkers = [work(old, () => stop.old), work(old, () => stop.old)];
    const publishing = Promise.all([0, 1, 2].map((n) => publisher(agents.filter((_, at) => at % 3 === n))));
    // Sick from its fourth event on, so the change finds a key that is tried again and again.
    await until(
      () => numbersOf(backbone, failing),
      (seen) => seen.length >= 3,
      "the key fails",
    );
    const newWorkers = [0, 1, 2].map(() => work(raised, () => stop.all));
    await until(
      async () => backbone.logs.filter((line) => line.includes("The number of shards changes")).length,
      (count) => count > 0,
      "the change begins",
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    stop.old = true;
    await Promise.all(oldWorkers);
    // The relay has stopped, the sick key holds the change up, and requests commit all the same.
    await until(
      () => layoutOf(backbone),
      (seen) => seen?.target === 4,
      "the change waits",
    );
    expect(await layoutOf(backbone)).toEqual({ shards: 1, target: 4 });
    waits.open();
    await until(
      () => backbone.sql(`SELECT FROM ${recorded} WHERE sent_at IS NULL`),
      (unsent) => unsent.length >= 24,
      "events wait in the record",
    );
    healed = true;
    await publishing;
    const expected = agents.length * rounds;
    await until(
      () => effects(backbone),
      (rows) => rows.length >= expected,
      "everything is applied",
    );
    stop.all = true;
    await Promise.all(newWorkers);

    expect(errors).toEqual([]);
    expect(await layoutOf(backbone)).toEqual({ shards: 4, target: null });
    const inOrder = Array.from({ length: rounds }, (_, index) => index + 1);
    for (const agent of agents) expect([agent, await numbersOf(backbone, agent)]).toEqual([agent, inOrder]);
    const entries = await Promise.all([0, 1, 2, 3].map((shard) => streamEntries(backbone, shard)));
    expect(entries.flat()).toHaveLength(expected);
    for (const onShard of entries) expect(onShard.length).toBeGreaterThan(0);
    expect(await backbone.sql(`SELECT FROM ${recorded} WHERE sent_at IS NULL`)).toEqual([]);
  });

  /** One event of a moving key fails and is pending; then the number is raised and the next event comes. */
  async function withPendingKey() {
    const backbone = await openBackbone();
    const agent = await movingAgent(backbone);
    let healed = false;
    const consumer = recorder({
      retry: { baseMs: 20, capMs: 20, maxAttempts: 500 },
      beforeBeat: ({ payload }) => {
        if (payload.reading === 1 && !healed) throw new TransientError("not yet");
      },
    });
    const old = deploy(backbone, 1, [consumer]);
    const raised = deploy(backbone, 4, [consumer]);
    await publishBeats(backbone, [[agent, 1]]);
    await relayEach(old);
    await drainEach(old, consumer);
    const heal = () => {
      healed = true;
    };
    return { backbone, agent, consumer, old, raised, heal };
  }

  test("wait for an event that is tried again; its successors are recorded and sent afterwards, in order", async () => {
    const { backbone, agent, consumer, raised, heal } = await withPendingKey();
    expect(await look(raised)).toEqual({
      shards: 1,
      target: 4,
      state: "waiting",
      waitsFor: "recorder on shard 0, where an event waits for another try",
    });
    await publishBeats(backbone, [[agent, 2]]);
    expect(await relayEach(raised)).toBe(0);
    expect(await relayShard(raised, 0)).toMatchObject({ sent: 0, layout: { shards: 1, target: 4 } });
    await drainEach(raised, consumer);
    expect(await look(raised)).toMatchObject({ state: "waiting" });
    heal();
    await until(
      async () => {
        await drainEach(raised, consumer);
        return look(raised);
      },
      ({ state }) => state === "changed",
      "the change",
    );
    expect(await look(raised)).toEqual({ shards: 4, target: null, state: "same" });
    expect(await relayEach(raised)).toBe(1);
    expect(await streamEntries(backbone, 0)).toHaveLength(1);
    await drainEach(raised, consumer);
    expect(await numbersOf(backbone, agent)).toEqual([1, 2]);
  });

  test("control: switched at once, without the wait, they put the successor before its predecessor", async () => {
    const { backbone, agent, consumer, raised, heal } = await withPendingKey();
    await backbone.sql("UPDATE relay_layout SET shards = 4");
    await publishBeats(backbone, [[agent, 2]]);
    expect(await relayEach(raised)).toBe(1);
    await drainEach(raised, consumer);
    heal();
    await until(
      async () => {
        await drainEach(raised, consumer);
        return numbersOf(backbone, agent);
      },
      (seen) => seen.length === 2,
      "both are applied",
    );
    expect(await numbersOf(backbone, agent)).toEqual([2, 1]);
  });

  test("wait for a consumer that has not read, or not even begun, and not for one that wants only what comes", async () => {
    const backbone = await openBackbone();
    const consumer = recorder();
    const late = recorder({ subscriber: "late", startAt: "$" });
    const raised = deploy(backbone, 2, [consumer, late]);
    const old = deploy(backbone, 1, [consumer, late]);
    await publishBeats(backbone, [["a", 1]]);
    await relayEach(old);
    expect(await look(raised)).toMatchObject({
      state: "waiting",
      waitsFor: "recorder on shard 0, which has not read anything yet",
    });
    expect(await look(old)).toMatchObject({ state: "same" });
    await drainEach(old, consumer);
    await publishBeats(backbone, [["a", 2]]);
    await relayEach(old);
    expect(await look(raised)).toMatchObject({
      state: "waiting",
      waitsFor: "recorder on shard 0, which has not read everything yet",
    });
    await drainEach(raised, consumer);
    expect(await look(raised)).toMatchObject({ state: "changed", shards: 2 });
  });

  test("do not wait for what other programs wrote: it has no part in the order of our keys", async () => {
    const backbone = await openBackbone();
    const consumer = recorder();
    const raised = deploy(backbone, 2, [consumer]);
    await publishBeats(backbone, [["a", 1]]);
    await relayEach(deploy(backbone, 1, [consumer]));
    await drainEach(raised, consumer);
    for (let n = 0; n < 3; n += 1) await backbone.append(["id", `foreign-${n}`, "type", "foreign"]);
    await backbone.redis(
      "XREADGROUP",
      "GROUP",
      consumer.group,
      "w",
      "COUNT",
      "1",
      "STREAMS",
      backbone.stream,
      ">",
    );
    expect(await look(raised)).toMatchObject({ state: "changed" });
  });

  test("wait for a batch in flight, which the relay finishes in spite of the change", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const consumer = recorder();
    const behindFaults = { UPSTASH_REDIS_REST_URL: redis.url };
    const old = deploy(backbone, 1, [consumer], behindFaults);
    const raised = deploy(backbone, 2, [consumer], behindFaults);
    await publishBeats(backbone, [["a", 1]]);
    redis.inject({ kind: "refuse" }, { when: sends("XADD") });
    await expect(relayEach(old)).rejects.toThrow();
    redis.heal();
    expect(await look(raised)).toMatchObject({
      state: "waiting",
      waitsFor: "the batch in flight on shard 0",
    });
    await publishBeats(backbone, [["a", 2]]);
    expect(await relayEach(raised)).toBe(1);
    await drainEach(raised, consumer);
    expect(await look(raised)).toMatchObject({ state: "changed" });
    expect(await relayEach(raised)).toBe(1);
    await drainEach(raised, consumer);
    expect(await numbersOf(backbone, "a")).toEqual([1, 2]);
  });

  test("wait for a relay that is just choosing rows", async () => {
    const backbone = await openBackbone();
    const raised = deploy(backbone, 2, []);
    await relayEach(deploy(backbone, 1, []));
    const client = new pg.Client({ connectionString: backbone.sandbox.databaseUrl });
    await client.connect();
    onTestFinished(() => client.end());
    await client.query("BEGIN");
    await client.query("SELECT pg_advisory_xact_lock_shared(1918985580, 1)");
    let isDone = false;
    const change = look(raised).finally(() => {
      isDone = true;
    });
    await until(
      () =>
        backbone.sql(
          `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        ),
      (waiting) => waiting.length === 1,
      "the change waits for the lock",
    );
    expect([isDone, await layoutOf(backbone)]).toEqual([false, { shards: 1, target: null }]);
    await client.query("COMMIT");
    expect(await change).toMatchObject({ state: "changed" });
  });

  test("do not wait for what is queued in Postgres; a key that is queued on the old shard is waited for on the new one", async () => {
    const { backbone, agent, consumer, old, raised, heal } = await withPendingKey();
    const { databases, keys } = old();
    // An old worker knows of shard 0 only, and the new ones have looked at theirs before.
    const queued = () => signalDeferred({ databases, keys }, [consumer.group], 1);
    await drainEach(raised, consumer);
    await queued();
    await backbone.sql(
      `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, key, cause, due_at)
       SELECT $1, 0, $2, stream_message_id, id::text, type, key, 'waiting', now() + interval '1 hour' FROM ${recorded}`,
      [consumer.subscriber, backbone.stream],
    );
    const [entry] = await streamEntries(backbone, 0);
    await backbone.redis("XACK", backbone.stream, consumer.group, entry?.id ?? "");
    await queued();
    expect(await look(raised)).toMatchObject({ state: "changed" });
    await publishBeats(backbone, [[agent, 2]]);
    expect(await relayEach(raised)).toBe(1);
    expect(await streamEntries(backbone, 0)).toHaveLength(1);
    await drainEach(raised, consumer);
    expect(await numbersOf(backbone, agent)).toEqual([]);
    heal();
    await backbone.sql("UPDATE deliveries SET due_at = now()");
    await until(
      async () => {
        await queued();
        await drainEach(raised, consumer);
        return numbersOf(backbone, agent);
      },
      (seen) => seen.length === 2,
      "both are applied",
    );
    expect(await numbersOf(backbone, agent)).toEqual([1, 2]);
  });

  test("keep cron looking while they wait, also when nothing else happens", async () => {
    const { backbone, raised } = await withPendingKey();
    const active = () => backbone.redis("EXISTS", backbone.open().keys.relayActive());
    await backbone.redis("DEL", backbone.open().keys.relayActive());
    expect([await active(), (await look(raised)).state, await active()]).toEqual([0, "waiting", 1]);
  });

  test("until the deadline, when it is asked to", async () => {
    const { backbone, agent, consumer, raised, heal } = await withPendingKey();
    const deadlineMs = Date.now() + 400;
    expect(await reshard(raised(), deadlineMs)).toMatchObject({ state: "waiting" });
    expect(Date.now()).toBeGreaterThanOrEqual(deadlineMs);
    heal();
    const change = reshard(raised(), Date.now() + hangMs);
    await until(
      async () => {
        await drainEach(raised, consumer);
        return numbersOf(backbone, agent);
      },
      (seen) => seen.length === 1,
      "the pending event is applied",
    );
    expect(await change).toMatchObject({ state: "changed" });
  });
});

describe("a change of the number of shards", () => {
  test("that was given up and begun again during a look at Redis is not completed by that look", async () => {
    const backbone = await openBackbone();
    const consumer = recorder();
    const old = deploy(backbone, 1, [consumer]);
    const raised = deploy(backbone, 2, [consumer]);
    await publishBeats(backbone, [["a", 1]]);
    await relayEach(old);
    await drainEach(old, consumer);
    let interfered = false;
    const invocation = raised();
    const db = hookDatabase(invocation.db, {
      statements: async (text, run) => {
        if (text.includes("SET shards = target") && !interfered) {
          interfered = true;
          // An old worker gives it up and sends an event, then somebody begins it again.
          await look(old);
          await publishBeats(backbone, [["a", 2]]);
          expect(await relayEach(old)).toBe(1);
          expect(await look(raised)).toMatchObject({ state: "waiting" });
        }
        return run();
      },
    });
    expect(await reshard({ ...invocation, db }, 0)).toMatchObject({
      state: "waiting",
      waitsFor: "another change",
    });
    expect(interfered).toBe(true);
    expect(await layoutOf(backbone)).toEqual({ shards: 1, target: 2 });
    await drainEach(raised, consumer);
    expect(await look(raised)).toMatchObject({ state: "changed" });
  });

  test("ends when the configuration goes back to what is in use, and the relay goes on", async () => {
    const backbone = await openBackbone();
    const consumer = recorder();
    const old = deploy(backbone, 1, [consumer]);
    await publishBeats(backbone, [["a", 1]]);
    await relayEach(old);
    await look(deploy(backbone, 4, [consumer]));
    await publishBeats(backbone, [["a", 2]]);
    expect(await relayEach(old)).toBe(0);
    expect(await look(old)).toEqual({ shards: 1, target: null, state: "same" });
    expect(await relayEach(old)).toBe(1);
  });

  test("that is given up hands back what was queued for a key", async () => {
    const backbone = await openBackbone();
    const agent = await movingAgent(backbone);
    const consumer = recorder();
    const old = deploy(backbone, 1, [consumer]);
    const raised = deploy(backbone, 4, [consumer]);
    await relayEach(old);
    const shardsOfRows = async () =>
      (await backbone.sql<{ shard: number }>("SELECT shard FROM deliveries ORDER BY place")).map(
        (row) => row.shard,
      );
    await backbone.sql(
      `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, key, cause)
       VALUES ('recorder', 0, 's', '1-1', $1, 'waiting'), ('recorder', 0, 's', '1-2', NULL, 'paused')`,
      [agent],
    );
    const invocation = raised();
    const db = hookDatabase(invocation.db, {
      statements: async (text, run) => {
        if (text.includes("SET shards = target")) {
          const [moved] = await shardsOfRows();
          expect(moved).toBeGreaterThan(0);
          await look(old);
        }
        return run();
      },
    });
    expect(await reshard({ ...invocation, db }, 0)).toMatchObject({ state: "waiting" });
    expect(await layoutOf(backbone)).toEqual({ shards: 1, target: null });
    expect(await shardsOfRows()).toEqual([0, 0]);
    expect(await look(raised)).toMatchObject({ state: "changed" });
    const [moved, withoutKey] = await shardsOfRows();
    expect([moved === 0, withoutKey]).toEqual([false, 0]);
  });

  test("to fewer is refused, loudly but not at each look, and nothing moves", async () => {
    const backbone = await openBackbone();
    await relayEach(deploy(backbone, 4, []));
    const lowered = deploy(backbone, 2, []);
    const answers = [await look(lowered), await look(lowered)];
    for (const answer of answers) {
      expect(answer).toMatchObject({ shards: 4, target: null, state: "refused" });
      expect(answer.waitsFor).toContain("Set BRAIN_SHARDS to 4.");
    }
    expect(backbone.logs.filter((line) => line.includes("cannot be lowered"))).toHaveLength(1);
    expect(await layoutOf(backbone)).toEqual({ shards: 4, target: null });
  });

  test("is not needed by a new system, which begins with what is configured", async () => {
    const backbone = await openBackbone();
    const four = deploy(backbone, 4, []);
    expect(await look(four)).toEqual({ shards: 4, target: null, state: "same" });
  });

  test("is needed by one that sent before the layout was kept", async () => {
    const backbone = await openBackbone();
    await backbone.sql("INSERT INTO relay_shards (shard) VALUES (0), (1)");
    const results = await relayShard(deploy(backbone, 4, []), 0);
    expect(results.layout).toEqual({ shards: 2, target: null });
  });

  test("that fails on a dead Redis stays begun, and goes on when Redis is back", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const consumer = recorder();
    const env = { UPSTASH_REDIS_REST_URL: redis.url };
    await publishBeats(backbone, [["a", 1]]);
    await relayEach(deploy(backbone, 1, [consumer], env));
    const raised = deploy(backbone, 2, [consumer], env);
    redis.inject({ kind: "refuse" });
    await expect(look(raised)).rejects.toBeInstanceOf(TransientError);
    expect(await layoutOf(backbone)).toEqual({ shards: 1, target: 2 });
    redis.heal();
    await drainEach(raised, consumer);
    expect(await look(raised)).toMatchObject({ state: "changed" });
  });
});

describe("what is said about the layout", () => {
  test.each([
    ["nothing when it is as configured", { shards: 2, target: null }, 2, longChangeMs + 1, null],
    ["nothing while a change is young", { shards: 2, target: 4 }, 4, longChangeMs, null],
    [
      "that a change waits too long",
      { shards: 2, target: 4 },
      4,
      longChangeMs + 60_000,
      /waiting for 11 minutes/,
    ],
    ["that fewer are not possible", { shards: 4, target: null }, 3, 0, /events of shards 3 to 3 wait/],
  ])("%s", (_what, layout, configured, ageMs, said) => {
    const line = describeLayout(layout, configured, ageMs);
    if (said === null) expect(line).toBeNull();
    else expect(line).toMatch(said);
  });

  test("a change that waits for more than ten minutes is an error in the log, which names what it waits for", async () => {
    const backbone = await openBackbone();
    const consumer = recorder();
    await publishBeats(backbone, [["a", 1]]);
    await relayEach(deploy(backbone, 1, [consumer]));
    const raised = deploy(backbone, 2, [consumer]);
    await look(raised);
    expect(backbone.logs.filter((line) => line.includes('"level":"error"'))).toEqual([]);
    await backbone.sql("UPDATE relay_layout SET changed_at = now() - interval '11 minutes'");
    await look(raised);
    expect(await layoutProblem(raised())).toContain("waiting for 11 minutes");
    const errors = backbone.logs.filter((line) => line.includes('"level":"error"'));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain("recorder on shard 0, which has not read anything yet");
  });
});
