import { sql } from "drizzle-orm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Delivered, on, onBatch } from "../../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../../src/engine/consume/define/define-consumer.ts";
import { PermanentError, RetryAfter, TransientError } from "../../../../src/engine/core/errors.ts";
import type { Tx } from "../../../../src/engine/db/database.ts";
import { meterMounted, meterRead, meterRemoved, partChecked } from "../../events.ts";
import {
  createClock,
  deadLetters,
  drainUntilQuiet,
  effects,
  numbersOf,
  openBackbone,
  pendingOf,
  publishBeats,
  publishReports,
  recordBeat,
  recorder,
  recordReport,
} from "../../fixture.ts";

describe("a key whose event fails", () => {
  test("waits, with all that comes behind it; the other keys go on", async () => {
    const clock = createClock();
    const backbone = await openBackbone({ now: clock.now });
    const calls: string[] = [];
    const consumer = recorder({
      retry: { baseMs: 60_000, capMs: 60_000 },
      beforeBeat: ({ payload: { meter_id, reading } }, { attempt }) => {
        calls.push(`${meter_id}${reading}#${attempt}`);
        if (meter_id === "a" && reading === 2 && attempt < 3) throw new TransientError("not yet");
      },
    });
    await publishBeats(backbone, [
      ["a", 1],
      ["a", 2],
      ["b", 1],
      ["a", 3],
      ["b", 2],
      ["c", 1],
    ]);
    await backbone.relay();
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 4, retried: 1 });
    expect([await numbersOf(backbone, "a"), await numbersOf(backbone, "b")]).toEqual([[1], [1, 2]]);

    await publishBeats(backbone, [
      ["a", 4],
      ["b", 3],
    ]);
    await backbone.relay();
    const second = await backbone.drain(consumer);
    expect(second).toMatchObject({ applied: 1, retried: 0 });
    expect([await numbersOf(backbone, "a"), await numbersOf(backbone, "b")]).toEqual([[1], [1, 2, 3]]);

    clock.set(second.nextDueMs ?? 0);
    const third = await backbone.drain(consumer);
    expect(third).toMatchObject({ applied: 0, retried: 1 });
    clock.set(third.nextDueMs ?? 0);
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 3, more: false });
    expect(await numbersOf(backbone, "a")).toEqual([1, 2, 3, 4]);
    expect(await pendingOf(backbone, consumer)).toEqual([]);
    // What waited was never tried, so it has lost no try.
    expect(calls.filter((call) => /^a[34]/.test(call)).sort()).toEqual(["a3#1", "a4#1"]);
  });

  test("goes on behind its dead letter", async () => {
    const backbone = await openBackbone();
    const consumer = recorder({
      beforeBeat: ({ payload }) => {
        if (payload.reading === 2) throw new PermanentError("can never be");
      },
    });
    await publishBeats(backbone, [
      ["a", 1],
      ["a", 2],
      ["a", 3],
    ]);
    await backbone.relay();
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 2, deadLettered: 1 });
    expect(await numbersOf(backbone, "a")).toEqual([1, 3]);
  });

  test("lets later events pass when the handler says that it waits for one of them", async () => {
    const backbone = await openBackbone();
    const consumer = recorder({
      beforeBeat: async ({ payload }, { tx }) => {
        if (payload.reading !== 1) return;
        const seen = await tx.execute(sql`SELECT FROM effects WHERE number = 2`);
        if (seen.rows.length === 0) throw new RetryAfter(1, "waits for the second", { overtakable: true });
      },
    });
    await publishBeats(backbone, [
      ["a", 1],
      ["a", 2],
    ]);
    await backbone.relay();
    await drainUntilQuiet(backbone, consumer);
    expect(await numbersOf(backbone, "a")).toEqual([2, 1]);
  });

  test("is not overtaken, whatever fails, however often, in whatever batches and lanes", async () => {
    const backbone = await openBackbone();
    let run = 0;
    const agents = ["a", "b", "c"];
    const plan = fc.record({
      // For each event: its agent and how often it fails.
      events: fc.array(fc.tuple(fc.constantFrom(...agents), fc.constantFrom(0, 0, 0, 1, 2, 3)), {
        minLength: 1,
        maxLength: 40,
      }),
      batchSize: fc.integer({ min: 1, max: 20 }),
      concurrency: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ events, batchSize, concurrency }) => {
        run += 1;
        await backbone.sql("DELETE FROM effects");
        const consumer = recorder({
          subscriber: `run${run}`,
          startAt: "$",
          batchSize,
          concurrency,
          retry: { maxAttempts: 4 },
          beforeBeat: ({ payload }, { attempt }) => {
            const failures = events[payload.reading]?.[1] ?? 0;
            if (attempt <= failures) throw new TransientError(`failure ${attempt}`);
          },
        });
        await backbone.drain(consumer);
        await publishBeats(
          backbone,
          events.map(([agent], number) => [agent, number]),
        );
        await backbone.relay();
        await drainUntilQuiet(backbone, consumer);
        for (const agent of agents) {
          const expected = events.flatMap(([own], number) => (own === agent ? [number] : []));
          expect(await numbersOf(backbone, agent)).toEqual(expected);
        }
        expect(await deadLetters(backbone)).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });

  test("control: without a key the same failure is overtaken", async () => {
    const backbone = await openBackbone();
    const consumer = recorder({
      beforeReport: ({ payload }, { attempt }) => {
        if (payload.status === "0" && attempt === 1) throw new TransientError("not yet");
      },
    });
    await publishReports(backbone, 3);
    await backbone.relay();
    await drainUntilQuiet(backbone, consumer);
    expect((await effects(backbone)).map((row) => row.number)).toEqual([1, 2, 0]);
  });
});

describe("a batch", () => {
  test("with one bad event costs only that event", async () => {
    const backbone = await openBackbone();
    const calls = new Map<number, number>();
    const consumer = recorder({
      beforeReport: ({ payload }) => {
        const number = Number(payload.status);
        calls.set(number, (calls.get(number) ?? 0) + 1);
        if (number === 50) throw new PermanentError("bad");
      },
    });
    await publishReports(backbone, 100);
    await backbone.relay();
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 99, deadLettered: 1 });
    expect(await effects(backbone)).toHaveLength(99);
    const total = [...calls.values()].reduce((sum, count) => sum + count, 0);
    // 51 until it failed; the 50 before it, itself and the 49 behind it again.
    expect(total).toBe(151);
  });

  test("full of bad events costs each good one a few tries at most", async () => {
    const backbone = await openBackbone();
    let calls = 0;
    const consumer = recorder({
      beforeReport: ({ payload }) => {
        calls += 1;
        if (Number(payload.status) % 2 === 0) throw new PermanentError("bad");
      },
    });
    await publishReports(backbone, 120);
    await backbone.relay();
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 60, deadLettered: 60 });
    expect(await effects(backbone)).toHaveLength(60);
    expect(calls).toBeLessThan(160);
  });

  test("runs in lanes side by side, each key in one of them", async () => {
    const backbone = await openBackbone();
    const backends = new Map<string, Set<number>>();
    const consumer = recorder({
      concurrency: 3,
      beforeBeat: async ({ payload }, { tx }) => {
        const { rows } = await tx.execute<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`);
        const own = backends.get(payload.meter_id) ?? new Set();
        backends.set(payload.meter_id, own.add(rows[0]?.pid ?? 0));
      },
    });
    const agents = Array.from({ length: 12 }, (_, index) => `agent-${index}`);
    // As many as the first round reads: how many a later one reads, and so who gets which keys, depends on the time.
    const beats = Array.from({ length: 96 }, (_, number) => [agents[number % 12] ?? "", number] as const);
    await publishBeats(backbone, beats);
    await backbone.relay();
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 96 });
    for (const agent of agents) {
      const numbers = (await numbersOf(backbone, agent)).map(Number);
      expect(numbers).toEqual([...numbers].sort((left, right) => left - right));
      expect(numbers).toHaveLength(8);
      expect(backends.get(agent)?.size).toBe(1);
    }
    expect(new Set([...backends.values()].flatMap((own) => [...own])).size).toBe(3);
  });
});

describe("set-based handlers", () => {
  const insert = (tx: Tx, agent: string, id: string) =>
    tx.execute(sql`INSERT INTO effects (event_id, agent) VALUES (${id}, ${agent})`);

  test("get all events of a type at once, and one of them that fails costs only itself", async () => {
    const backbone = await openBackbone();
    const sizes: number[] = [];
    const consumer = defineConsumer({
      subscriber: "sets",
      handlers: [
        onBatch(partChecked, async (deliveries, { tx }) => {
          sizes.push(deliveries.length);
          for (const { event } of deliveries) {
            if (event.payload.status === "6") throw new PermanentError("bad");
            await recordReport(tx, "sets", event);
          }
        }),
      ],
    });
    await publishReports(backbone, 9);
    await backbone.relay();
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 8, deadLettered: 1 });
    expect(sizes[0]).toBe(9);
    expect((await effects(backbone)).map((row) => row.number)).toEqual([0, 1, 2, 3, 4, 5, 7, 8]);
  });

  test("keep the order per key among each other and with handlers for single events", async () => {
    const backbone = await openBackbone();
    let calls = 0;
    const set = async (deliveries: readonly Delivered[], tx: Tx) => {
      calls += 1;
      for (const { event } of deliveries) {
        await insert(tx, (event.payload as { meter_id: string }).meter_id, event.id);
      }
    };
    const consumer = defineConsumer({
      subscriber: "sets",
      handlers: [
        onBatch(meterMounted, (deliveries, { tx }) => set(deliveries, tx)),
        onBatch(meterRemoved, (deliveries, { tx }) => set(deliveries, tx)),
        on(meterRead, async (event, { tx }) => {
          await insert(tx, event.payload.meter_id, event.id);
        }),
      ],
    });
    const published: [agent: string, id: string][] = [];
    await backbone.publish({ source: "engine_test" }, async (publish) => {
      for (let number = 0; number < 120; number += 1) {
        const meter_id = `agent-${(number * 7) % 5}`;
        const event =
          number % 3 === 0
            ? await publish(meterMounted, { meter_id })
            : number % 3 === 1
              ? await publish(meterRemoved, { meter_id })
              : await publish(meterRead, { meter_id, reading: number, faults: 0 });
        published.push([meter_id, event.id]);
      }
    });
    await backbone.relay();
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 120 });
    const rows = await effects(backbone);
    for (const agent of new Set(published.map(([own]) => own))) {
      const seen = rows.filter((row) => row.agent === agent).map((row) => row.event_id);
      expect(seen).toEqual(published.filter(([own]) => own === agent).map(([, id]) => id));
    }
    // Fewer calls than events: what may go together goes together.
    expect(calls).toBeLessThan(80);
  });

  test("run in order with nothing in between when only they see a key", async () => {
    const backbone = await openBackbone();
    let calls = 0;
    const consumer = defineConsumer({
      subscriber: "sets",
      handlers: [
        onBatch(meterRead, async (deliveries, { tx }) => {
          calls += 1;
          for (const { event } of deliveries) await recordBeat(tx, "sets", event);
        }),
      ],
    });
    await publishBeats(
      backbone,
      Array.from({ length: 50 }, (_, number) => ["a", number] as const),
    );
    await backbone.relay();
    await backbone.drain(consumer);
    expect(calls).toBe(1);
    expect(await numbersOf(backbone, "a")).toEqual(Array.from({ length: 50 }, (_, number) => number));
  });
});
