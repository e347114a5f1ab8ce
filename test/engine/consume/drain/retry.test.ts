import type { MessageId } from "@brain/schemas";
import { sql } from "drizzle-orm";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { on } from "../../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../../src/engine/consume/define/define-consumer.ts";
import { PermanentError, RetryAfter, TransientError } from "../../../../src/engine/core/errors.ts";
import { backoffMs, defaultRetryPolicy } from "../../../../src/engine/core/retry.ts";
import type { Tx } from "../../../../src/engine/db/database.ts";
import { partChecked } from "../../events.ts";
import {
  createClock,
  deadLetters,
  drainUntilQuiet,
  effects,
  openBackbone,
  openFaultyBackbone,
  pendingOf,
  publishReports,
  type Report,
  recorder,
  recordReport,
  streamEntries,
} from "../../fixture.ts";

/** A consumer with the default retry policy whose handler throws what `failure` gives for an attempt. */
function failing(
  failure: (attempt: number, event: Report) => unknown,
  options: Parameters<typeof recorder>[0] = {},
) {
  const attempts: number[] = [];
  const consumer = recorder({
    ...options,
    retry: { ...defaultRetryPolicy, ...options.retry },
    beforeReport: (event, { attempt }) => {
      attempts.push(attempt);
      const thrown = failure(attempt, event);
      if (thrown !== null) throw thrown;
    },
  });
  return { consumer, attempts };
}

const transactionEnded = { cause: { message: expect.stringContaining("This transaction has ended") } };

async function openWithOneReport() {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now });
  await publishReports(backbone, 1);
  await backbone.relay();
  const [entry] = await streamEntries(backbone);
  return { backbone, clock, id: (entry?.id ?? "") as MessageId };
}

describe("a transient error", () => {
  test("leaves the entry pending, due after the backoff, with its tries counted", async () => {
    const { backbone, clock, id } = await openWithOneReport();
    const { consumer, attempts } = failing((attempt) => (attempt < 4 ? new TransientError("not yet") : null));
    for (const attempt of [1, 2, 3]) {
      const dueMs = clock.now() + backoffMs(defaultRetryPolicy, attempt, id);
      expect(await backbone.drain(consumer)).toMatchObject({ applied: 0, retried: 1, nextDueMs: dueMs });
      expect(await pendingOf(backbone, consumer)).toEqual([{ id, deliveries: attempt }]);
      clock.set(dueMs - 1);
      expect(await backbone.drain(consumer)).toMatchObject({ applied: 0, retried: 0, nextDueMs: dueMs });
      expect(attempts.at(-1)).toBe(attempt);
      clock.set(dueMs);
    }
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 1, retried: 0 });
    expect(attempts).toEqual([1, 2, 3, 4]);
    expect(await pendingOf(backbone, consumer)).toEqual([]);
    expect(await effects(backbone)).toHaveLength(1);
    expect(await backbone.redis("HLEN", backbone.open().keys.retryAt(consumer.group, 0))).toBe(0);
  });

  test("that lasts becomes a dead letter after the last try, stored before the ack", async () => {
    const clock = createClock();
    const { backbone, redis } = await openFaultyBackbone({ now: clock.now });
    const [eventId] = await publishReports(backbone, 1);
    await backbone.relay();
    const [entry] = await streamEntries(backbone);
    const { consumer, attempts } = failing(() => new TransientError("still down"));
    const firstMs = clock.now();
    for (let drain = 0; drain < 4; drain += 1) {
      const { nextDueMs } = await backbone.drain(consumer);
      clock.set(nextDueMs ?? 0);
    }
    redis.inject({ kind: "refuse" }, { when: (request) => request.some(([name]) => name === "XACK") });
    await expect(backbone.drain(consumer)).rejects.toThrow();
    redis.heal();
    expect(await pendingOf(backbone, consumer)).toHaveLength(1);
    const letters = await deadLetters(backbone);
    expect(letters).toEqual([
      expect.objectContaining({
        subscriber_name: "recorder",
        stream_name: backbone.stream,
        stream_message_id: entry?.id,
        event_id: eventId,
        event_type: "lab.part.checked",
        reason: "attempts_exhausted",
        error_class: "TransientError",
        error_message: "still down",
        attempts: 5,
        status: "open",
        raw_fields: entry?.fields,
        first_failed_at: new Date(firstMs),
        last_failed_at: new Date(clock.now()),
      }),
    ]);
    expect(attempts).toEqual([1, 2, 3, 4, 5]);
    expect(await backbone.drain(consumer)).toMatchObject({ deadLettered: 1 });
    expect(attempts).toHaveLength(5);
    expect(await pendingOf(backbone, consumer)).toEqual([]);
    expect(await deadLetters(backbone)).toHaveLength(1);
  });

  test("may say itself when to look again", async () => {
    const { backbone, clock } = await openWithOneReport();
    const { consumer, attempts } = failing((attempt) =>
      attempt === 1 ? new RetryAfter(7_000, "429") : null,
    );
    const startMs = clock.now();
    expect(await backbone.drain(consumer)).toMatchObject({ retried: 1, nextDueMs: startMs + 7_000 });
    clock.set(startMs + 6_999);
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 0 });
    clock.set(startMs + 7_000);
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 1 });
    expect(attempts).toEqual([1, 2]);
  });

  test("survives the isolate: the time of the retry is stored, not kept", async () => {
    const { backbone, clock } = await openWithOneReport();
    const first = failing(() => new RetryAfter(60_000, "later"));
    await backbone.drain(first.consumer);
    const second = failing(() => null);
    expect(await backbone.drain(second.consumer)).toMatchObject({
      applied: 0,
      nextDueMs: clock.now() + 60_000,
    });
    clock.advance(60_000);
    await backbone.drain(second.consumer);
    expect(second.attempts).toEqual([2]);
  });
});

describe("other errors", () => {
  test("a programming error is tried twice, then it is a dead letter", async () => {
    const { backbone, clock } = await openWithOneReport();
    const { consumer, attempts } = failing(() => new TypeError("x is not a function"));
    const { nextDueMs } = await backbone.drain(consumer);
    clock.set(nextDueMs ?? 0);
    expect(await backbone.drain(consumer)).toMatchObject({ deadLettered: 1 });
    expect(attempts).toEqual([1, 2]);
    expect(await deadLetters(backbone)).toMatchObject([
      { reason: "programming_error", error_class: "TypeError", attempts: 2 },
    ]);
  });

  test("a permanent error is a dead letter at once", async () => {
    const { backbone } = await openWithOneReport();
    const { consumer, attempts } = failing(() => new PermanentError("the course was deleted"));
    expect(await backbone.drain(consumer)).toMatchObject({ deadLettered: 1, retried: 0 });
    expect(attempts).toEqual([1]);
    expect(await pendingOf(backbone, consumer)).toEqual([]);
  });

  test("a dead network of a called service is transient, though it is a TypeError", async () => {
    const { backbone } = await openWithOneReport();
    const { consumer } = failing(() => new TypeError("fetch failed"));
    for (let attempt = 1; attempt < 3; attempt += 1) {
      expect((await backbone.drain(consumer)).deadLettered).toBe(0);
    }
  });

  test("a refused statement names what Postgres said, and no parameter", async () => {
    const { backbone } = await openWithOneReport();
    const consumer = recorder({
      beforeReport: async (_event, { tx }) => {
        await tx.execute(sql`INSERT INTO effects (number) VALUES (${"planted-parameter"})`);
      },
    });
    expect(await backbone.drain(consumer)).toMatchObject({ deadLettered: 1 });
    const [letter] = await deadLetters(backbone);
    expect(letter?.error_message).toMatch(/22P02.*invalid input syntax for type integer: "…"/);
    expect(JSON.stringify([letter, backbone.logs])).not.toContain("planted-parameter");
  });
});

describe("a handler that swallows an SQL error", () => {
  test.each<[string, (tx: Tx) => Promise<unknown>]>([
    ["and does nothing more", async () => undefined],
    ["and goes on writing", (tx) => tx.execute(sql`INSERT INTO effects (subscriber) VALUES ('lost')`)],
    [
      "of a statement it does not wait for",
      async (tx) => void tx.execute(sql`SELECT 2/0`).catch(() => undefined),
    ],
  ])("%s is rolled back and tried again, never acked as applied", async (_what, goOn) => {
    const clock = createClock();
    const backbone = await openBackbone({ now: clock.now });
    const ids = await publishReports(backbone, 3);
    await backbone.relay();
    const consumer = defineConsumer({
      subscriber: "recorder",
      handlers: [
        on(partChecked, async (event, { tx, attempt }) => {
          if (event.id !== ids[1] || attempt > 1) return recordReport(tx, "recorder", event);
          await tx.execute(sql`SELECT 1/0`).catch(() => undefined);
          return void (await goOn(tx));
        }),
      ],
    });
    const first = await backbone.drain(consumer);
    expect(first).toMatchObject({ applied: 2, retried: 1, deadLettered: 0 });
    expect((await effects(backbone)).map((row) => row.event_id)).toEqual([ids[0], ids[2]]);
    clock.set(first.nextDueMs ?? 0);
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 1 });
    expect(await effects(backbone)).toHaveLength(3);
  });
});

describe("a handler that takes too long", () => {
  test("is told by its signal, fails as transient and cannot write afterwards", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    let zombie: Promise<unknown> = Promise.resolve();
    const consumer = defineConsumer({
      subscriber: "recorder",
      handlerTimeoutMs: 150,
      retry: { baseMs: 1, capMs: 1 },
      handlers: [
        on(partChecked, async (event, { tx, attempt, signal }) => {
          if (attempt > 1) return recordReport(tx, "recorder", event);
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          zombie = tx.execute(sql`INSERT INTO effects (subscriber) VALUES ('zombie')`);
          return void (await zombie);
        }),
      ],
    });
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 0, retried: 1, deadLettered: 0 });
    await expect(zombie).rejects.toMatchObject(transactionEnded);
    await drainUntilQuiet(backbone, consumer);
    expect((await effects(backbone)).map((row) => row.subscriber)).toEqual(["recorder"]);
  });

  test("in the middle of a statement loses its connection, and the next event gets a new one", async () => {
    const clock = createClock();
    const backbone = await openBackbone({ now: clock.now });
    await publishReports(backbone, 3);
    await backbone.relay();
    const consumer = recorder({
      // Long enough for a handler that does not hang, also on a busy machine.
      handlerTimeoutMs: 1_500,
      beforeReport: async ({ payload }, { tx, attempt }) => {
        if (payload.status === "1" && attempt === 1) await tx.execute(sql`SELECT pg_sleep(60)`);
      },
    });
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 2, retried: 1 });
    clock.advance(1_000);
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 1 });
    expect((await effects(backbone)).map((row) => row.number)).toEqual([0, 2, 1]);
  });

  test("among others is not called a second time for the same try, and the others are applied", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 3);
    await backbone.relay();
    const hangs: number[] = [];
    const consumer = recorder({
      handlerTimeoutMs: 1_500,
      beforeReport: async ({ payload }, { attempt }) => {
        if (payload.status !== "1") return;
        hangs.push(attempt);
        await new Promise(() => undefined);
      },
    });
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 2, retried: 1 });
    expect(hangs).toEqual([1]);
    expect((await effects(backbone)).map((row) => row.number)).toEqual([0, 2]);
  });

  test("and uses up the time of its drain counts as tried all the same, so that the next drain goes on", async () => {
    const clock = createClock();
    const backbone = await openBackbone({ now: clock.now });
    await publishReports(backbone, 3);
    await backbone.relay();
    const hangs: number[] = [];
    const consumer = recorder({
      handlerTimeoutMs: 1_500,
      beforeReport: async ({ payload }, { attempt }) => {
        if (payload.status !== "1") return;
        hangs.push(attempt);
        clock.advance(60_000);
        await new Promise(() => undefined);
      },
    });
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 0, retried: 1 });
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 2 });
    expect(hangs).toEqual([1]);
  });
});

test("a transaction used after its end throws, and writes nothing", async () => {
  const { backbone } = await openWithOneReport();
  let kept: Tx | null = null;
  const consumer = recorder({
    beforeReport: (_event, { tx }) => {
      kept = tx;
    },
  });
  await backbone.drain(consumer);
  const stale = kept as Tx | null;
  await expect(stale?.execute(sql`INSERT INTO effects (subscriber) VALUES ('late')`)).rejects.toMatchObject(
    transactionEnded,
  );
  expect(await effects(backbone)).toHaveLength(1);
});

test("control: Postgres itself answers COMMIT of a failed transaction without an error", async () => {
  const { backbone } = await openWithOneReport();
  const client = new pg.Client({ connectionString: backbone.sandbox.databaseUrl });
  await client.connect();
  try {
    await client.query("BEGIN");
    await client.query("INSERT INTO effects (subscriber) VALUES ('lost')");
    await client.query("SELECT 1/0").catch(() => undefined);
    expect((await client.query("COMMIT")).command).toBe("ROLLBACK");
  } finally {
    await client.end();
  }
  expect(await effects(backbone)).toEqual([]);
});
