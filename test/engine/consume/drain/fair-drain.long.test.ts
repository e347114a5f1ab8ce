import { sql } from "drizzle-orm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { onBatch } from "../../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../../src/engine/consume/define/define-consumer.ts";
import type { DrainDeps, DrainResult } from "../../../../src/engine/consume/drain/base.ts";
import { PermanentError, TransientError } from "../../../../src/engine/core/errors.ts";
import { prepareEvent, publishMany } from "../../../../src/engine/publish/publish.ts";
import type { Backbone } from "../../../backbone.ts";
import { meterRead } from "../../events.ts";
import {
  createClock,
  deadLetters,
  drainUntilQuiet,
  drainWith,
  effects,
  foreignBeat,
  openBackbone,
  pendingOf,
  recorder,
} from "../../fixture.ts";

/* A tenant's flood on the stream does not delay another tenant's few events: they are taken ahead of it. */

type Reading = readonly [tenant: string | null, meter: string];

/** One transaction; `reading` counts up from `first`. */
async function publishAll(backbone: Backbone, readings: readonly Reading[], first = 0): Promise<void> {
  const { db, publish: settings } = backbone.system.open();
  const prepared = readings.map(([tenant_id, meter_id], at) =>
    prepareEvent(
      settings,
      meterRead,
      { meter_id, reading: first + at, faults: 0 },
      { source: "engine_test", tenant_id },
    ),
  );
  await db.transaction((tx) => publishMany(tx, prepared));
}

async function relayAll(backbone: Backbone): Promise<void> {
  for (let more = true; more; ) ({ more } = await backbone.relay());
}

function many(count: number, tenant: string | null, meter: (at: number) => string): Reading[] {
  return Array.from({ length: count }, (_, at) => [tenant, meter(at)] as const);
}

/** Records a batch in one statement, so that a flood is handled fast. */
const setRecorder = defineConsumer({
  subscriber: "set_recorder",
  handlers: [
    onBatch(meterRead, async (deliveries, { tx }) => {
      const rows = JSON.stringify(
        deliveries.map(({ event: { id, payload } }) => ({
          id,
          agent: payload.meter_id,
          number: payload.reading,
        })),
      );
      await tx.execute(sql`
        INSERT INTO effects (subscriber, event_id, agent, number)
        SELECT 'set_recorder', id, agent, number FROM json_to_recordset(${rows}::json) AS r(id text, agent text, number int)`);
    }),
  ],
});

const flood = 10_000;
const smallFlood = 2_000;

/** All that was published, in the order in which it took effect; of each meter in its own order. */
async function orderOfMeters(backbone: Backbone): Promise<(string | null)[]> {
  return (await effects(backbone)).map(({ agent }) => agent);
}

async function floodAndTen(count: number): Promise<Backbone> {
  const backbone = await openBackbone();
  for (let part = 0; part < 10; part += 1)
    await publishAll(
      backbone,
      many(count / 10, "flood", (at) => `f${at % 50}`),
    );
  await publishAll(
    backbone,
    many(10, "small", (at) => `s${at % 3}`),
  );
  // In the order of the record, so that the ten stand behind all others on the stream.
  for (let more = true; more; ) ({ more } = await backbone.relay({ mayGoOn: () => false }));
  return backbone;
}

/** Drains to the end, also where one run has no time for it. */
async function drainAll(backbone: Backbone, change: Partial<DrainDeps> = {}): Promise<DrainResult[]> {
  const results: DrainResult[] = [];
  do results.push(await drainWith(backbone, setRecorder, () => change));
  while (results.at(-1)?.more === true);
  return results;
}

test("another tenant's ten events pass a flood of ten thousand that stands before them on the stream", async () => {
  const backbone = await floodAndTen(flood);
  const results = await drainAll(backbone);
  const order = await orderOfMeters(backbone);
  expect(order).toHaveLength(flood + 10);
  expect(order.findLastIndex((meter) => meter?.startsWith("s"))).toBeLessThan(1_000);
  for (const result of results)
    expect(result).toMatchObject({ redelivered: 0, publishedTwice: 0, deadLettered: 0 });
  expect(await backbone.sql("SELECT FROM deliveries")).toEqual([]);
  expect(await pendingOf(backbone, setRecorder)).toEqual([]);
});

test("control: when nobody looks ahead, they come last", async () => {
  const backbone = await floodAndTen(smallFlood);
  await drainAll(backbone, { lookAhead: 0 });
  const order = await orderOfMeters(backbone);
  expect(order).toHaveLength(smallFlood + 10);
  expect(order.findIndex((meter) => meter?.startsWith("s"))).toBe(smallFlood);
});

/** Behind the flood stand two hundred of each of two other tenants; one of them has thrice the weight. */
test("tenants who wait behind a flood take turns, by their weight", async () => {
  const backbone = await openBackbone();
  await backbone.sql("INSERT INTO tenant_limits (tenant_id, weight) VALUES ('heavy', 3)");
  await publishAll(backbone, [
    ...many(700, "flood", () => "f"),
    ...many(200, "light", () => "l"),
    ...many(200, "heavy", () => "h"),
  ]);
  await relayAll(backbone);
  // A clock that stands still: it looks once.
  const clock = createClock();
  await drainWith(backbone, recorder({ batchSize: 20 }), () => ({ now: clock.now }));
  const order = await orderOfMeters(backbone);
  const ahead = order.slice(0, order.lastIndexOf("f")).filter((meter) => meter !== "f");
  const count = (meter: string) => ahead.filter((one) => one === meter).length;
  expect([count("l"), count("h")]).toEqual([40, 120]);
});

test("what is taken ahead and fails waits for its next try, and its entry on the stream does not run it again", async () => {
  const backbone = await openBackbone();
  let floods = 0;
  /** How much of the flood had been begun at each try of the others. */
  const triedAfter: number[] = [];
  const consumer = recorder({
    batchSize: 10,
    retry: { maxAttempts: 3 },
    beforeBeat: ({ payload }, { attempt }) => {
      if (payload.meter_id === "f") floods += 1;
      else triedAfter.push(floods);
      if (payload.meter_id === "bad") throw new PermanentError("never");
      if (payload.meter_id === "slow" && attempt < 3) throw new TransientError("not yet");
    },
  });
  await publishAll(backbone, [
    ...many(100, "flood", () => "f"),
    ...([
      ["small", "slow"],
      ["small", "bad"],
      ["small", "slow"],
    ] as const),
  ]);
  await relayAll(backbone);
  await drainUntilQuiet(backbone, consumer);
  expect((await orderOfMeters(backbone)).filter((meter) => meter === "slow")).toHaveLength(2);
  expect(Math.max(...triedAfter)).toBeLessThan(90);
  expect(await deadLetters(backbone)).toMatchObject([{ attempts: 1, reason: "permanent_error" }]);
  expect(await backbone.sql("SELECT FROM deliveries")).toEqual([]);
});

test("nothing is taken ahead of unread entries of another program, because nobody knows whose keys they have", async () => {
  const backbone = await openBackbone();
  await publishAll(
    backbone,
    many(100, "flood", () => "f"),
  );
  await relayAll(backbone);
  await backbone.append(foreignBeat("shared", 1));
  await publishAll(
    backbone,
    many(5, "small", () => "shared"),
    2,
  );
  await relayAll(backbone);
  await drainUntilQuiet(backbone, recorder({ batchSize: 10 }));
  const numbers = (await effects(backbone))
    .filter(({ agent }) => agent === "shared")
    .map(({ number }) => number);
  expect(numbers).toEqual([1, 2, 3, 4, 5, 6]);
});

test("control: the same entries without one of another program go ahead", async () => {
  const backbone = await openBackbone();
  await publishAll(
    backbone,
    many(100, "flood", () => "f"),
  );
  await publishAll(
    backbone,
    many(5, "small", () => "shared"),
    2,
  );
  await relayAll(backbone);
  await drainUntilQuiet(backbone, recorder({ batchSize: 10 }));
  expect((await orderOfMeters(backbone)).indexOf("shared")).toBeLessThan(50);
});

/**
 * Random tenants that share keys, events that fail for a while or for good, other programs, drains that end at some call.
 * In the end each event took effect once or is a dead letter, and each key saw its events in order.
 */
const keys = ["1", "2", "3", "4"];
const reading = fc.tuple(
  fc.constantFrom("a", "a", "a", "a", "b", "c", null),
  fc.constantFrom(...keys),
  fc.constantFrom("sound", "sound", "sound", "sound", "late", "dead"),
);
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      readings: fc.array(reading, { minLength: 5, maxLength: 30 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("foreign" as const), key: fc.constantFrom(...keys) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("drain" as const), dies: fc.option(fc.nat(25), { freq: 2 }) }),
  },
);

test("random histories: whatever goes ahead, each key keeps its order and everything is handled once", async () => {
  let wentAhead = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 4, maxLength: 14 }),
      fc.integer({ min: 3, max: 8 }),
      async (steps, batchSize) => {
        const backbone = await openBackbone();
        const fates = new Map<number, string>();
        const consumer = recorder({
          batchSize,
          retry: { maxAttempts: 50 },
          beforeBeat: ({ payload }, { attempt }) => {
            const fate = fates.get(payload.reading);
            if (fate === "dead") throw new PermanentError("never");
            if (fate === "late" && attempt === 1) throw new TransientError("not yet");
          },
        });
        let next = 0;
        for (const one of steps) {
          if (one.do === "publish") {
            for (const [at, [, , fate]] of one.readings.entries()) fates.set(next + at, fate);
            await publishAll(
              backbone,
              one.readings.map(([tenant, key]) => [tenant, key] as const),
              next,
            );
            next += one.readings.length;
            await relayAll(backbone);
          } else if (one.do === "foreign") {
            await backbone.append(foreignBeat(one.key, next));
            next += 1;
          } else {
            let calls = 0;
            const counted =
              <A extends unknown[], R>(call: (...args: A) => R) =>
              (...args: A): R => {
                calls += 1;
                if (one.dies !== null && calls > one.dies) throw new TransientError("the worker is gone");
                return call(...args);
              };
            await drainWith(backbone, consumer, ({ db, redis }) => ({
              db: { ...db, rows: counted(db.rows) as typeof db.rows, batch: counted(db.batch) },
              redis: {
                ...redis,
                eval: counted(redis.eval),
                pipeline: counted(redis.pipeline),
                command: counted(redis.command),
              },
            })).catch((error: unknown) => {
              if (!(error instanceof TransientError)) throw error;
            });
            await backbone.redis("DEL", backbone.open().keys.lease(consumer.group, 0));
            wentAhead += (await backbone.sql("SELECT FROM consumer_shards WHERE ahead <> '{}'")).length;
          }
        }
        await drainUntilQuiet(backbone, consumer);
        await drainUntilQuiet(backbone, consumer);
        const applied = await effects(backbone);
        const dead = [...fates].filter(([, fate]) => fate === "dead").length;
        expect(applied).toHaveLength(next - dead);
        expect(await deadLetters(backbone)).toHaveLength(dead);
        for (const key of keys) {
          const numbers = applied.filter(({ agent }) => agent === key).map(({ number }) => Number(number));
          expect(numbers).toEqual(numbers.toSorted((first, second) => first - second));
        }
        expect(await backbone.sql("SELECT FROM deliveries")).toEqual([]);
      },
    ),
    { numRuns: 15 },
  );
  expect(wentAhead).toBeGreaterThan(0);
});
