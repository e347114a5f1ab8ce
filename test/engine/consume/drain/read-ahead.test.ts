import { sql } from "drizzle-orm";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { onSql } from "../../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../../src/engine/consume/define/define-consumer.ts";
import { forgetShardState } from "../../../../src/engine/consume/lease/deferred-signal.ts";
import { StreamSource } from "../../../../src/engine/consume/sources/stream.ts";
import { createSubrequestMeter } from "../../../../src/engine/core/budget.ts";
import { TransientError } from "../../../../src/engine/core/errors.ts";
import type { Command, RedisHttp } from "../../../../src/engine/stream/redis.ts";
import type { Backbone } from "../../../backbone.ts";
import { latch } from "../../../latch.ts";
import { meterRead } from "../../events.ts";
import {
  createClock,
  drainUntilQuiet,
  drainWith,
  effects,
  endLease,
  numbersOf,
  openBackbone,
  pendingOf,
  publishBeats,
  publishReports,
  recorder,
  until,
} from "../../fixture.ts";

/** Reads what is new without looking at each that is pending. */
function readsAhead(commands: readonly Command[]): boolean {
  const named = (name: string) => commands.find(([first]) => first === name);
  return named("XREADGROUP") !== undefined && (named("XPENDING")?.length ?? 0) <= 3;
}

/** Puts `around` around each read ahead. */
function whenReadingAhead(
  redis: RedisHttp,
  around: (read: () => Promise<unknown[]>) => Promise<unknown[]>,
): RedisHttp {
  return {
    ...redis,
    pipeline: (commands) =>
      readsAhead(commands) ? around(() => redis.pipeline(commands)) : redis.pipeline(commands),
  };
}

/** Waits, in the handler of the first round, until that many entries have been read. */
function whenRead(
  backbone: Backbone,
  consumer: ReturnType<typeof recorder>,
  count: number,
): Promise<unknown> {
  return until(
    () => pendingOf(backbone, consumer),
    (pending) => pending.length === count,
    `${count} entries are read`,
  );
}

describe("while a round runs", () => {
  test("the next one is read, once, and as many as it", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 7);
    await backbone.relay();
    const seen: number[] = [];
    const consumer = recorder({
      batchSize: 2,
      beforeReport: async ({ payload }) => {
        if (payload.status === "0") await whenRead(backbone, consumer, 4);
        seen.push((await pendingOf(backbone, consumer)).length);
      },
    });
    expect(await backbone.drain(consumer)).toMatchObject({ read: 7, applied: 7, setAside: 0, more: false });
    expect(Math.max(...seen)).toBe(4);
    expect((await effects(backbone)).map(({ event_id }) => event_id)).toEqual(ids);
    expect(await pendingOf(backbone, consumer)).toEqual([]);
  });

  test("nothing is read beyond what the drain may", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 7);
    await backbone.relay();
    const consumer = recorder({ batchSize: 2 });
    expect(await backbone.drain(consumer, { maxEvents: 3 })).toMatchObject({
      read: 3,
      applied: 3,
      more: true,
    });
    expect(await pendingOf(backbone, consumer)).toEqual([]);
  });
});

describe("what was read ahead is put back, as if it had not been taken,", () => {
  /** Of the meter `a`, with others between them; the second one of `a` fails at first. */
  async function drainWithFailure(backbone: Backbone): Promise<void> {
    const clock = createClock();
    await publishBeats(backbone, [
      ["a", 1],
      ["b", 1],
      ["a", 2],
      ["b", 2],
      ["a", 3],
      ["b", 3],
    ]);
    await backbone.relay();
    const consumer = recorder({
      batchSize: 2,
      retry: { baseMs: 60_000, capMs: 60_000 },
      beforeBeat: async ({ payload: { meter_id, reading } }, { attempt }) => {
        if (meter_id !== "a" || reading !== 2 || attempt > 1) return;
        await whenRead(backbone, consumer, 4);
        throw new TransientError("not yet");
      },
    });
    const now = () => ({ now: clock.now });
    const first = await drainWith(backbone, consumer, now, { deadlineMs: clock.now() + 20_000 });
    clock.set(first.nextDueMs ?? 0);
    await drainWith(backbone, consumer, now, { deadlineMs: clock.now() + 20_000 });
  }

  test("when something of the round is to be tried again: order per key holds", async () => {
    const backbone = await openBackbone();
    await drainWithFailure(backbone);
    expect(await numbersOf(backbone, "a")).toEqual([1, 2, 3]);
    expect(await numbersOf(backbone, "b")).toEqual([1, 2, 3]);
  });

  test("control: kept all the same, it passes the older event of its key", async () => {
    const isDone = vi.spyOn(StreamSource.prototype, "isDone", "get").mockReturnValue(true);
    onTestFinished(() => isDone.mockRestore());
    const backbone = await openBackbone();
    await drainWithFailure(backbone);
    expect(await numbersOf(backbone, "a")).toEqual([1, 3, 2]);
  });

  test("when the circuit breaker opens", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 6);
    await backbone.relay();
    const consumer = recorder({
      batchSize: 2,
      brake: { after: 2, baseMs: 60_000, capMs: 60_000 },
      retry: { maxAttempts: 1 },
      beforeReport: async () => {
        await whenRead(backbone, consumer, 4);
        throw new TransientError("not now");
      },
    });
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 0, breakerOpen: true });
    const untried = (await pendingOf(backbone, consumer)).slice(-2);
    expect(untried.map(({ deliveries }) => deliveries)).toEqual([0, 0]);
  });

  test("when time is up", async () => {
    const clock = createClock();
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 6);
    await backbone.relay();
    const consumer = recorder({
      batchSize: 2,
      beforeReport: async ({ payload }) => {
        if (payload.status !== "1") return;
        await whenRead(backbone, consumer, 4);
        clock.advance(30_000);
      },
    });
    const options = { deadlineMs: clock.now() + 20_000 };
    const result = await drainWith(backbone, consumer, () => ({ now: clock.now }), options);
    expect(result).toMatchObject({ applied: 2, more: true });
    expect((await pendingOf(backbone, consumer)).map(({ deliveries }) => deliveries)).toEqual([0, 0]);
    await drainUntilQuiet(backbone, consumer);
    expect((await effects(backbone)).map(({ event_id }) => event_id)).toEqual(ids);
  });

  test("when calls are used up", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 6);
    await backbone.relay();
    const meter = createSubrequestMeter(50);
    const consumer = recorder({
      batchSize: 2,
      beforeReport: async ({ payload }) => {
        if (payload.status !== "1") return;
        await whenRead(backbone, consumer, 4);
        meter.count(35);
      },
    });
    expect(await drainWith(backbone, consumer, () => ({ meter }))).toMatchObject({ applied: 2, more: true });
    expect((await pendingOf(backbone, consumer)).map(({ deliveries }) => deliveries)).toEqual([0, 0]);
  });

  test("when an operator has paused the consumer meanwhile", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 6);
    await backbone.relay();
    const paused = latch();
    const consumer = recorder({
      batchSize: 2,
      beforeReport: async ({ payload }) => {
        if (payload.status === "1") await paused.opened;
      },
    });
    const running = backbone.drain(consumer);
    await whenRead(backbone, consumer, 4);
    await backbone.sql(
      "INSERT INTO consumer_pauses (subscriber_name, event_type, reason) VALUES ('recorder', '', 'maintenance')",
    );
    const { databases, keys } = backbone.open();
    await forgetShardState({ databases, keys }, [consumer.group], 1);
    paused.open();
    // Of the second round nobody knew yet when it was read; the third one is not begun.
    expect(await running).toMatchObject({ applied: 4, more: true });
    expect((await pendingOf(backbone, consumer)).map(({ deliveries }) => deliveries)).toEqual([0, 0]);
  });
});

describe("a late worker reads between a round and what is read ahead", () => {
  const numbers = Array.from({ length: 14 }, (_, at) => at + 1);

  /** One worker stands still at the first read ahead, until its successor is about to read ahead, too. */
  async function drainBesideLate(backbone: Backbone): Promise<void> {
    const consumer = recorder({ batchSize: 2 });
    await backbone.drain(consumer);
    await publishBeats(
      backbone,
      numbers.map((number) => ["a", number]),
    );
    await backbone.relay();
    const [stands, mayRead, hasRead] = [latch(), latch(), latch()];
    const late = drainWith(backbone, consumer, ({ redis }) => ({
      redis: whenReadingAhead(redis, async (read) => {
        stands.open();
        await mayRead.opened;
        const replies = await read();
        hasRead.open();
        return replies;
      }),
    }));
    await stands.opened;
    await endLease(backbone, consumer);
    await drainWith(backbone, consumer, ({ redis }) => ({
      redis: whenReadingAhead(redis, async (read) => {
        mayRead.open();
        await hasRead.opened;
        return read();
      }),
    }));
    expect(await late).toMatchObject({ more: true });
    await drainUntilQuiet(backbone, consumer);
  }

  test("what the late one took goes first", async () => {
    const backbone = await openBackbone();
    await drainBesideLate(backbone);
    expect(await numbersOf(backbone, "a")).toEqual(numbers);
  });

  test("control: with no look at the number of pending entries, what was read ahead passes it", async () => {
    const returned = vi.spyOn(StreamSource.prototype, "returnAhead").mockResolvedValue();
    onTestFinished(() => returned.mockRestore());
    const backbone = await openBackbone();
    await drainBesideLate(backbone);
    expect((await numbersOf(backbone, "a")).slice(0, 8)).toEqual([1, 2, 3, 4, 5, 6, 9, 10]);
  });
});

describe("in a flow", () => {
  /** News as triggers bring it: taken once. */
  function newsBoard() {
    let isNews = false;
    const takeNews = () => {
      const taken = isNews;
      isNews = false;
      return taken;
    };
    const tell = () => {
      isNews = true;
    };
    return { takeNews, tell };
  }

  async function sendBeat(backbone: Backbone, meter: string, reading: number): Promise<void> {
    await publishBeats(backbone, [[meter, reading]]);
    await backbone.relay();
  }

  const insertBeat = (event: {
    readonly id: string;
    readonly payload: { readonly meter_id: string; readonly reading: number };
  }) =>
    sql`INSERT INTO effects (subscriber, event_id, agent, number)
      VALUES ('recorder', ${event.id}, ${event.payload.meter_id}, ${event.payload.reading})`;

  /** Of each kind; `whenHandled` is run as a handler begins. */
  const kinds = {
    "a transaction": (whenHandled: (reading: number) => Promise<void>) =>
      recorder({ beforeBeat: ({ payload }) => whenHandled(payload.reading) }),
    "statements alone": (whenHandled: (reading: number) => Promise<void>) =>
      defineConsumer({
        subscriber: "recorder",
        handlers: [
          onSql(meterRead, async ({ event }) => {
            await whenHandled(event.payload.reading);
            return [insertBeat(event)];
          }),
        ],
      }),
  };

  test.each(Object.entries(kinds))(
    "by %s: what came meanwhile is read while the round commits",
    async (_, kind) => {
      const backbone = await openBackbone();
      await sendBeat(backbone, "a", 1);
      const news = newsBoard();
      const consumer = kind(async (reading) => {
        if (reading === 3) return;
        await sendBeat(backbone, "a", reading + 1);
        news.tell();
      });
      let reads = 0;
      const result = await drainWith(backbone, consumer, ({ redis }) => ({
        takeNews: news.takeNews,
        // An answer that the COMMIT waited for would never come.
        redis: whenReadingAhead(redis, async (read) => {
          reads += 1;
          const replies = await read();
          await until(
            () => effects(backbone),
            (rows) => rows.length === reads,
            `round ${reads} is committed`,
          );
          return replies;
        }),
      }));
      expect(result).toMatchObject({ read: 3, applied: 3, setAside: 0, more: false });
      expect(reads).toBe(2);
      expect(await numbersOf(backbone, "a")).toEqual([1, 2, 3]);
      expect(await pendingOf(backbone, consumer)).toEqual([]);
    },
  );

  test("nothing is read ahead when nothing came", async () => {
    const backbone = await openBackbone();
    await sendBeat(backbone, "a", 1);
    let reads = 0;
    await drainWith(backbone, recorder(), ({ redis }) => ({
      takeNews: () => false,
      redis: whenReadingAhead(redis, (read) => {
        reads += 1;
        return read();
      }),
    }));
    expect(await numbersOf(backbone, "a")).toEqual([1]);
    expect(reads).toBe(0);
  });

  /** The first one of the meter `a` fails at first; the second one comes while that of `b`, which stands behind, is handled. */
  async function drainBehindFailure(backbone: Backbone): Promise<void> {
    const clock = createClock();
    await publishBeats(backbone, [
      ["a", 1],
      ["b", 1],
    ]);
    await backbone.relay();
    const news = newsBoard();
    const consumer = recorder({
      retry: { baseMs: 60_000, capMs: 60_000 },
      beforeBeat: async ({ payload: { meter_id, reading } }, { attempt }) => {
        if (meter_id === "a") {
          if (reading === 1 && attempt === 1) throw new TransientError("not yet");
          return;
        }
        await sendBeat(backbone, "a", 2);
        news.tell();
      },
    });
    const deps = () => ({ now: clock.now, takeNews: news.takeNews });
    const first = await drainWith(backbone, consumer, deps, { deadlineMs: clock.now() + 20_000 });
    clock.set(first.nextDueMs ?? 0);
    await drainWith(backbone, consumer, deps, { deadlineMs: clock.now() + 20_000 });
  }

  test("what was read does not pass an older event of its key that is to be tried again", async () => {
    const backbone = await openBackbone();
    await drainBehindFailure(backbone);
    expect(await numbersOf(backbone, "a")).toEqual([1, 2]);
  });

  test("control: kept all the same, it does", async () => {
    const isDone = vi.spyOn(StreamSource.prototype, "isDone", "get").mockReturnValue(true);
    onTestFinished(() => isDone.mockRestore());
    const backbone = await openBackbone();
    await drainBehindFailure(backbone);
    expect(await numbersOf(backbone, "a")).toEqual([2, 1]);
  });

  test("news that was taken is acted on when the round used up the time: the drain says that there is more", async () => {
    const clock = createClock();
    const backbone = await openBackbone();
    await sendBeat(backbone, "a", 1);
    const news = newsBoard();
    const consumer = recorder({
      beforeBeat: async () => {
        await sendBeat(backbone, "a", 2);
        news.tell();
      },
    });
    const options = { deadlineMs: clock.now() + 20_000 };
    const change = ({ redis }: { readonly redis: RedisHttp }) => ({
      now: clock.now,
      takeNews: news.takeNews,
      redis: whenReadingAhead(redis, (read) => {
        clock.advance(30_000);
        return read();
      }),
    });
    expect(await drainWith(backbone, consumer, change, options)).toMatchObject({ applied: 1, more: true });
    expect((await pendingOf(backbone, consumer)).map(({ deliveries }) => deliveries)).toEqual([0]);
  });

  test("a read that fails behind a round that is committed loses nothing", async () => {
    const backbone = await openBackbone();
    await sendBeat(backbone, "a", 1);
    const news = newsBoard();
    const consumer = recorder({
      beforeBeat: async ({ payload: { reading } }) => {
        if (reading > 1) return;
        await sendBeat(backbone, "a", 2);
        news.tell();
      },
    });
    const drained = drainWith(backbone, consumer, ({ redis }) => ({
      takeNews: news.takeNews,
      redis: whenReadingAhead(redis, async (read) => {
        await read();
        throw new TransientError("the reply was lost");
      }),
    }));
    await expect(drained).rejects.toThrow("the reply was lost");
    await endLease(backbone, consumer);
    await drainUntilQuiet(backbone, consumer);
    expect(await numbersOf(backbone, "a")).toEqual([1, 2]);
    expect(await pendingOf(backbone, consumer)).toEqual([]);
  });
});

test("whose worker ends in a round, each event has one effect, and those read ahead were tried once", async () => {
  const backbone = await openBackbone();
  const ids = await publishReports(backbone, 6);
  await backbone.relay();
  const [begun, never] = [latch(), latch()];
  const dying = recorder({
    batchSize: 2,
    beforeReport: async () => {
      await whenRead(backbone, dying, 4);
      begun.open();
      await never.opened;
    },
  });
  const ended = backbone.drain(dying);
  await begun.opened;
  // As a worker that ends leaves it: its connection ends, its lease runs out, and its successor takes over.
  await backbone.sql(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'",
  );
  await endLease(backbone, dying);
  const attempts = new Map<string, number>();
  const successor = recorder({
    batchSize: 2,
    beforeReport: ({ id }, { attempt }) => {
      attempts.set(id, attempt);
    },
  });
  await drainUntilQuiet(backbone, successor);
  never.open();
  await ended;
  expect((await effects(backbone)).map(({ event_id }) => event_id).toSorted()).toEqual(ids.toSorted());
  expect(ids.map((id) => attempts.get(id))).toEqual([2, 2, 2, 2, 1, 1]);
});
