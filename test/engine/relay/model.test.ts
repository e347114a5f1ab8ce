import { compareMessageIds, type MessageId, parseMessageId } from "@brain/schemas";
import fc from "fast-check";
import { expect, inject, test } from "vitest";
import { TransientError } from "../../../src/engine/core/errors.ts";
import type { Invocation } from "../../../src/engine/invocation.ts";
import type { RelayDeps } from "../../../src/engine/relay/relay-deps.ts";
import { createRedis, type RedisHttp } from "../../../src/engine/stream/redis.ts";
import type { Backbone } from "../../backbone.ts";
import { type FaultyRedis, hookDatabase, sends } from "../../faults.ts";
import { noteSent, recorded } from "../../recorded.ts";
import { openFaultyBackbone, publishBeats, relayWith, streamEntries } from "../fixture.ts";

/*
 * Random histories of publishing, relaying, dying and of another program that writes to the same stream, also under ids
 * far ahead of the clock. Whatever happened, in the end every event stands in the stream once, in order within its key,
 * under the id that the record says, and nobody else's entry is missing. On failure fast-check prints the seed and the
 * history.
 *
 * In other histories Redis loses data too: its newest, all of it, or one of the two keys. Then what others wrote may be
 * gone, and what is sent again comes behind later events; but every event still stands in the stream in the end, under the
 * id that the record says, which no other event ever had; and once, unless the number was lost without the stream.
 */

type Step =
  | { readonly kind: "publish"; readonly keys: readonly number[] }
  /** Another program appends; Redis gives the id, unless its clock runs ahead, or counts in another unit. */
  | { readonly kind: "foreign"; readonly aheadMs: number }
  | { readonly kind: "relay"; readonly maxCount: number; readonly beside: "nobody" | "relay" | "foreign" }
  /** Requests to append fail: executed with the reply lost, or not executed. */
  | { readonly kind: "fault"; readonly fault: "drop-reply" | "refuse"; readonly times: number }
  /** The relay's process ends at its nth call, before or after that was executed. */
  | { readonly kind: "kill"; readonly call: number; readonly executed: boolean; readonly maxCount: number }
  /** Time passes: leases end. */
  | { readonly kind: "expire" }
  /** A replica catches up. */
  | { readonly kind: "replicate" }
  /** Redis loses what the replica has not, all, or one key. */
  | { readonly kind: "lose"; readonly what: "newest" | "all" | "stream" | "number" };

const maxCount = fc.integer({ min: 1, max: 5 });
const dayMs = 86_400_000;
const wholeSteps: fc.MaybeWeightedArbitrary<Step>[] = [
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("publish" as const),
      keys: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("foreign" as const),
      // A day ahead, a year of microseconds, above 2^53; what follows stays there.
      aheadMs: fc.constantFrom(...Array<number>(12).fill(0), 150, 150, dayMs, 3.2e13, 1e17),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("relay" as const),
      maxCount,
      beside: fc.constantFrom("nobody" as const, "relay" as const, "foreign" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("fault" as const),
      fault: fc.constantFrom("drop-reply" as const, "refuse" as const),
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("kill" as const),
      call: fc.integer({ min: 0, max: 7 }),
      executed: fc.boolean(),
      maxCount,
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "expire" as const }) },
];
const step = fc.oneof(...wholeSteps);
const lossyStep = fc.oneof(
  ...wholeSteps,
  { weight: 2, arbitrary: fc.constant({ kind: "replicate" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("lose" as const),
      what: fc.constantFrom(
        "newest" as const,
        "newest" as const,
        "all" as const,
        "stream" as const,
        "number" as const,
      ),
    }),
  },
);

interface World {
  readonly backbone: Backbone;
  readonly redis: FaultyRedis;
  /** The way of the other program, which has no part in our faults. */
  readonly direct: RedisHttp;
  readonly shards: readonly number[];
  /** Numbers given so far, one after the other over all keys. */
  published: number;
  readonly ids: string[];
  readonly foreign: string[];
  /** Event of each id that stood in a stream at some time. */
  readonly places: Map<string, string>;
  /** The number was lost alone: what was in flight may stand twice. */
  lostNumber: boolean;
  /** Redis came back with a state from before an earlier loss: what was sent again since stands there too. */
  wentFarBack: boolean;
  /** Data was lost since the replica was made. */
  hasLostSince: boolean;
  relayAll(change: (invocation: Invocation) => Partial<RelayDeps>): Promise<void>;
}

const agents = ["a", "b", "c", "d"];

/** Errors that a relay may end with when something broke; anything else fails the test. */
async function tolerate(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
  }
}

async function appendForeign({ backbone, direct, foreign }: World, aheadMs: number): Promise<void> {
  const id = `foreign-${foreign.length}`;
  const place = aheadMs === 0 ? "*" : `${BigInt(Date.now()) + BigInt(aheadMs)}-0`;
  foreign.push(id);
  try {
    await direct.command(["XADD", backbone.stream, place, "id", id, "type", "foreign"]);
  } catch (error) {
    // Its clock is not ahead of what stands there already.
    if (!/equal or smaller/.test(String(error))) throw error;
    foreign.splice(foreign.indexOf(id), 1);
  }
}

/** A process that ends at its nth call: nothing it does later happens. */
function mortal(invocation: Invocation, nth: number, executed: boolean): Partial<RelayDeps> {
  const { redis } = invocation;
  if (redis === null) throw new Error("no stream");
  let calls = 0;
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    const own = calls;
    calls += 1;
    if (own < nth) return run();
    if (own === nth && executed) await run();
    throw new TransientError("killed");
  };
  return {
    db: hookDatabase(invocation.db, { statements: (_text, run) => call(run) }),
    redis: {
      command: (command) => call(() => redis.command(command)),
      eval: (script, keys, args) => call(() => redis.eval(script, keys, args)),
      pipeline: (commands) => call(() => redis.pipeline(commands)),
    },
  };
}

async function take(world: World, step: Step): Promise<void> {
  const { backbone, redis } = world;
  const bounded = (count: number) => (invocation: Invocation) => ({
    settings: { ...invocation.relay, maxCount: count },
  });
  switch (step.kind) {
    case "publish": {
      const beats = step.keys.map((key) => {
        world.published += 1;
        return [agents[key] ?? "", world.published] as const;
      });
      world.ids.push(...(await publishBeats(backbone, beats)));
      return;
    }
    case "foreign":
      return appendForeign(world, step.aheadMs);
    case "relay": {
      const run = () => tolerate(world.relayAll(bounded(step.maxCount)));
      const beside = {
        nobody: async () => undefined,
        relay: run,
        foreign: async () => {
          for (let n = 0; n < 3; n += 1) await appendForeign(world, 0);
        },
      };
      await Promise.all([run(), beside[step.beside]()]);
      return;
    }
    case "fault":
      redis.inject({ kind: step.fault }, { when: sends("XADD"), times: step.times });
      return;
    case "kill":
      return tolerate(
        world.relayAll((invocation) => ({
          ...bounded(step.maxCount)(invocation),
          ...mortal(invocation, step.call, step.executed),
        })),
      );
    case "expire":
      await backbone.sql("UPDATE relay_shards SET lease_until = now() - interval '1 second'");
      return;
    case "replicate":
      return replicate(world);
    case "lose":
      await notePlaces(world);
      return lose(world, step.what);
  }
}

const keysOf = ({ backbone, shards }: World) =>
  shards.map((shard) => {
    const { keys } = backbone.open();
    return { stream: keys.stream(shard), number: keys.sent(shard) };
  });

async function replicate(world: World): Promise<void> {
  world.hasLostSince = false;
  for (const { stream, number } of keysOf(world)) {
    for (const key of [stream, number]) {
      await world.direct.command(["DEL", `${key}:replica`]);
      await world.direct.command(["COPY", key, `${key}:replica`]);
    }
  }
}

async function lose(world: World, what: Extract<Step, { kind: "lose" }>["what"]): Promise<void> {
  world.lostNumber ||= what === "number";
  world.wentFarBack ||= what === "newest" && world.hasLostSince;
  world.hasLostSince = true;
  for (const { stream, number } of keysOf(world)) {
    if (what !== "number") await world.direct.command(["DEL", stream]);
    if (what !== "stream") await world.direct.command(["DEL", number]);
    if (what !== "newest") continue;
    for (const key of [stream, number]) await world.direct.command(["COPY", `${key}:replica`, key]);
  }
}

/** An id that once was one event's is never another's: a claim is kept under it. */
async function notePlaces(world: World): Promise<void> {
  for (const shard of world.shards) {
    for (const { id, fields } of await streamEntries(world.backbone, shard)) {
      if (fields.type === "foreign") continue;
      expect(world.places.get(id) ?? fields.id).toBe(fields.id);
      world.places.set(id, fields.id ?? "");
    }
  }
}

/** What must be true in the end also when Redis lost data. */
async function verifyRecord(world: World): Promise<void> {
  const { backbone, redis, shards } = world;
  redis.heal();
  await backbone.sql("UPDATE relay_shards SET lease_until = now() - interval '1 second'");
  // A batch of which the reply was lost is sent before anybody looks; cron looks again.
  for (let looks = 0; looks < 2; looks += 1) await world.relayAll(() => ({}));
  expect(await backbone.sql(`SELECT FROM ${recorded} WHERE sent_at IS NULL`)).toEqual([]);
  const onShards = await Promise.all(shards.map((shard) => streamEntries(backbone, shard)));
  const rows = await backbone.sql<{ id: string; shard: number; place: string }>(
    `SELECT id, shard, stream_message_id AS place FROM ${recorded}`,
  );
  expect(rows.map(({ id }) => id).toSorted()).toEqual([...world.ids].toSorted());
  for (const { id, shard, place } of rows) {
    const standing = onShards[shard]?.filter(({ fields }) => fields.id === id).map((entry) => entry.id) ?? [];
    expect(standing).toContain(place);
    if (!world.lostNumber && !world.wentFarBack) expect(standing).toEqual([place]);
  }
  await notePlaces(world);
}

/** What must be true when everything works again. */
async function verify(world: World): Promise<void> {
  const { backbone, redis, shards, ids, foreign } = world;
  redis.heal();
  await backbone.sql("UPDATE relay_shards SET lease_until = now() - interval '1 second'");
  await world.relayAll(() => ({}));
  expect(await backbone.sql(`SELECT FROM ${recorded} WHERE sent_at IS NULL`)).toEqual([]);
  const onShards = await Promise.all(shards.map((shard) => streamEntries(backbone, shard)));
  const entries = onShards.flatMap((list, shard) => list.map((entry) => ({ ...entry, shard })));
  const ours = entries.filter(({ fields }) => fields.type !== "foreign");
  // Nothing lost, nothing twice, of anybody.
  expect(ours.map(({ fields }) => fields.id).sort()).toEqual([...ids].sort());
  expect(entries.filter(({ fields }) => fields.type === "foreign").map(({ fields }) => fields.id)).toEqual(
    foreign,
  );
  // In the order of the record on each shard, so within each key.
  for (const shard of shards) {
    const numbers = ours
      .filter((entry) => entry.shard === shard)
      .map(({ fields }) => JSON.parse(fields.payload ?? "{}").reading as number);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  }
  // The record knows where each one stands, and no id was given twice, not even on two shards.
  const rows = await backbone.sql<{ id: string; shard: number; place: MessageId }>(
    `SELECT id, shard, stream_message_id AS place FROM ${recorded} ORDER BY position`,
  );
  const standing = new Map(ours.map(({ id, shard, fields }) => [fields.id, { id, shard }]));
  for (const row of rows) expect(standing.get(row.id)).toEqual({ id: row.place, shard: row.shard });
  expect(new Set(rows.map((row) => row.place)).size).toBe(rows.length);
  for (const shard of shards) {
    const given = rows.filter((row) => row.shard === shard).map((row) => parseMessageId(row.place));
    for (const [index, id] of given.slice(1).entries()) {
      expect(compareMessageIds(given[index] ?? id, id)).toBeLessThan(0);
    }
  }
}

async function openWorld(shardCount: number, looks = false): Promise<World> {
  const { backbone, redis } = await openFaultyBackbone({
    env: { BRAIN_SHARDS: String(shardCount), BRAIN_LEASE_MS: "60000" },
  });
  const shards = Array.from({ length: shardCount }, (_, shard) => shard);
  return {
    backbone,
    redis,
    direct: createRedis(inject("services").upstash),
    shards,
    published: 0,
    ids: [],
    foreign: [],
    places: new Map(),
    lostNumber: false,
    wentFarBack: false,
    hasLostSince: false,
    async relayAll(change) {
      const ends = await Promise.allSettled(
        shards.map((shard) => relayWith(backbone, change, { shard, verify: looks })),
      );
      for (const end of ends) if (end.status === "rejected") throw end.reason;
    },
  };
}

test.each([
  [1, 25],
  [3, 12],
])(
  "on %i shards, whatever breaks when: nothing lost, nothing twice, order within a key, ids that grow",
  async (shardCount, numRuns) => {
    const world = await openWorld(shardCount);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 22 }), async (steps) => {
        for (const one of steps) await take(world, one);
        await verify(world);
      }),
      // The world goes on from history to history, so a shorter one is not the same one.
      { numRuns, endOnFailure: true },
    );
    expect(world.ids.length).toBeGreaterThan(numRuns);
  },
);

test.each([
  [1, 25],
  [3, 10],
])(
  "on %i shards, also when Redis loses data: every event stands where the record says, under an id of its own",
  async (shardCount, numRuns) => {
    const world = await openWorld(shardCount, true);
    await fc.assert(
      fc.asyncProperty(fc.array(lossyStep, { minLength: 6, maxLength: 22 }), async (steps) => {
        for (const one of steps) await take(world, one);
        await verifyRecord(world);
      }),
      { numRuns, endOnFailure: true },
    );
    expect(world.ids.length).toBeGreaterThan(numRuns);
  },
);

test("control: a relay that lets Redis give the ids doubles or loses in such a history", async () => {
  const world = await openWorld(1);
  const { backbone, redis } = world;
  const naive = async (): Promise<void> => {
    const rows = await backbone.sql<{ id: string; payload: object }>(
      `SELECT id, payload FROM ${recorded} WHERE sent_at IS NULL ORDER BY position`,
    );
    for (const { id, payload } of rows) {
      const fields = ["id", id, "type", "lab.meter.read", "payload", JSON.stringify(payload)];
      const place = String(await backbone.redis("XADD", backbone.stream, "*", ...fields));
      await backbone.sql(noteSent, [id, place]);
    }
  };
  await backbone.sql("INSERT INTO relay_shards (shard) VALUES (0)");
  const naiveWorld: World = { ...world, relayAll: naive };
  await take(naiveWorld, { kind: "publish", keys: [0, 1, 0] });
  await take(naiveWorld, { kind: "relay", maxCount: 1, beside: "nobody" });
  await take(naiveWorld, { kind: "publish", keys: [0] });
  await verify(naiveWorld);
  await take(naiveWorld, { kind: "publish", keys: [2] });
  await take(naiveWorld, { kind: "fault", fault: "drop-reply", times: 1 });
  await take(naiveWorld, { kind: "relay", maxCount: 1, beside: "nobody" });
  await expect(verify(naiveWorld)).rejects.toThrow();
  expect(redis.requests.length).toBeGreaterThan(0);
});
