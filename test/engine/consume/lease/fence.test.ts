import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import type { Consumer } from "../../../../src/engine/consume/consumer.ts";
import { FencedError, PermanentError } from "../../../../src/engine/core/errors.ts";
import { fenceText } from "../../../../src/engine/db/database.ts";
import type { Backbone } from "../../../backbone.ts";
import { latch } from "../../../latch.ts";
import {
  deadLetters,
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
import { disturb } from "./interference.ts";

async function fencingTokenOf(backbone: Backbone, consumer: Consumer): Promise<number> {
  const [row] = await backbone.sql<{ epoch: string }>(
    "SELECT epoch FROM consumer_shards WHERE subscriber_name = $1 AND shard = 0",
    [consumer.subscriber],
  );
  return Number(row?.epoch ?? 0);
}

/** A drain that stands in its first handler; its lease has ended, as when its worker froze. */
async function lateWorker(backbone: Backbone, thenThrow: Error | null = null) {
  const [begun, end] = [latch(), latch()];
  let isFirst = true;
  const consumer = recorder({
    beforeReport: async () => {
      if (!isFirst) return;
      isFirst = false;
      begun.open();
      await end.opened;
      if (thenThrow !== null) throw thenThrow;
    },
  });
  const running = backbone.drain(consumer);
  await begun.opened;
  const fencingToken = await fencingTokenOf(backbone, consumer);
  await endLease(backbone, consumer);
  return { consumer, running, fencingToken, goOn: () => end.open() };
}

/** A successor that has taken over: its transaction waits for the claims of the late worker. */
async function takeOver(
  backbone: Backbone,
  { consumer, fencingToken }: { consumer: Consumer; fencingToken: number },
) {
  const successor = backbone.drain(consumer);
  await until(
    () => fencingTokenOf(backbone, consumer),
    (now) => now > fencingToken,
    "the takeover",
  );
  return { successor };
}

describe("a late worker", () => {
  test("commits nothing once another has taken over", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 3);
    await backbone.relay();
    const late = await lateWorker(backbone);
    const { successor } = await takeOver(backbone, late);
    late.goOn();
    expect(await late.running).toMatchObject({ applied: 0, stopped: new FencedError().message });
    expect(await successor).toMatchObject({ applied: 3, redelivered: 0 });
    expect((await effects(backbone)).map(({ event_id }) => event_id)).toEqual(ids);
  });

  test("makes no dead letter of what its successor handles", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    const late = await lateWorker(backbone, new PermanentError("broken"));
    const { successor } = await takeOver(backbone, late);
    late.goOn();
    expect(await late.running).toMatchObject({ deadLettered: 0, stopped: new FencedError().message });
    expect(await successor).toMatchObject({ applied: 1 });
    expect(await deadLetters(backbone)).toEqual([]);
  });

  test("does not touch the tries that its successor counts", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 2);
    await backbone.relay();
    const late = await lateWorker(backbone, new Error("for now"));
    await backbone.sql("UPDATE consumer_shards SET epoch = epoch + 1");
    const before = await pendingOf(backbone, late.consumer);
    late.goOn();
    expect((await late.running).stopped).toBe(new FencedError().message);
    expect(await pendingOf(backbone, late.consumer)).toEqual(before);
    const { keys } = backbone.open();
    expect(await backbone.redis("EXISTS", keys.retryAt(late.consumer.group, 0))).toBe(0);
  });

  test("control: the same transaction without the fence commits", async () => {
    const backbone = await openBackbone();
    await backbone.sql(
      "INSERT INTO consumer_shards (subscriber_name, shard, epoch) VALUES ('recorder', 0, 7)",
    );
    const insert = (id: string) => sql`INSERT INTO effects (subscriber, event_id) VALUES ('recorder', ${id})`;
    const session = await backbone.open().db.open();
    try {
      await expect(
        session.transaction((tx) => tx.execute(insert("late")), { fence: fenceText("recorder", 0, 6) }),
      ).rejects.toThrow(FencedError);
      await session.transaction((tx) => tx.execute(insert("in time")), {
        fence: fenceText("recorder", 0, 7),
      });
      await session.transaction((tx) => tx.execute(insert("unfenced")));
    } finally {
      await session.close();
    }
    expect((await effects(backbone)).map(({ event_id }) => event_id)).toEqual(["in time", "unfenced"]);
  });
});

test("who takes over raises the fencing token; a drain after a clean one does not", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  await backbone.drain(consumer);
  const fencingToken = await fencingTokenOf(backbone, consumer);
  await backbone.drain(consumer);
  expect(await fencingTokenOf(backbone, consumer)).toBe(fencingToken);
  await backbone.redis("SET", backbone.open().keys.holder(consumer.group, 0), "somebody who vanished");
  await backbone.drain(consumer);
  expect(await fencingTokenOf(backbone, consumer)).toBe(fencingToken + 1);
});

describe("a copy of the fencing token in Redis", () => {
  test("that is older than the token is not left behind by a takeover that could not write the new one", async () => {
    const backbone = await openBackbone();
    const consumer = recorder();
    await backbone.drain(consumer);
    await publishReports(backbone, 1);
    await backbone.relay();
    const { keys } = backbone.open();
    await backbone.redis("SET", keys.holder(consumer.group, 0), "somebody who vanished");
    // The calls of a takeover: lease, new token in Postgres, copy in Redis.
    const atCopy = { at: 3, phase: "before", effect: "fail" } as const;
    const { stopped } = await drainWith(backbone, consumer, (own) => disturb(own, atCopy));
    expect(stopped).toContain("disturbed at call 3");
    expect(await fencingTokenOf(backbone, consumer)).toBe(2);
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 1, stopped: null });
  });

  test.each([
    // As after a failover of Redis that lost the last writes, also the new copy.
    ["is older than the token", "UPDATE consumer_shards SET epoch = epoch + 1"],
    ["no token belongs to, because the record was set back", "DELETE FROM consumer_shards"],
  ])("that %s costs one drain: the next one gets a token at once", async (_, change) => {
    const backbone = await openBackbone();
    const consumer = recorder();
    await backbone.drain(consumer);
    await publishReports(backbone, 1);
    await backbone.relay();
    await backbone.sql(change);
    expect((await backbone.drain(consumer)).stopped).toBe(new FencedError().message);
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 1, busy: null, stopped: null });
    expect(await fencingTokenOf(backbone, consumer)).toBeGreaterThan(0);
  });
});

test("an entry that is handled for long does not look idle, and its delivery count stays", async () => {
  const backbone = await openBackbone();
  await publishReports(backbone, 1);
  await backbone.relay();
  const [begun, end] = [latch(), latch()];
  const consumer = recorder({
    beforeReport: () => {
      begun.open();
      return end.opened;
    },
  });
  const running = backbone.drain(consumer);
  await begun.opened;
  const startedMs = Date.now();
  const idle = async () => {
    const reply = await backbone.redis("XPENDING", backbone.stream, consumer.group, "-", "+", "1");
    const [[, , idleMs = 0, deliveries = 0] = []] = reply as [string, string, number, number][];
    return { idleMs, deliveries, tookMs: Date.now() - startedMs };
  };
  const seen = await until(
    idle,
    ({ idleMs, tookMs }) => tookMs > 700 && idleMs < 400,
    "a claim that was extended",
  );
  expect(seen.deliveries).toBe(1);
  end.open();
  expect(await running).toMatchObject({ applied: 1 });
});

test("an entry that was trimmed while it is handled stays pending until it is done", async () => {
  const backbone = await openBackbone();
  await publishReports(backbone, 1);
  await backbone.relay();
  const [begun, end] = [latch(), latch()];
  const consumer = recorder({
    beforeReport: async (_event, { attempt }) => {
      begun.open();
      await end.opened;
      if (attempt === 1) throw new Error("for now");
    },
  });
  const running = backbone.drain(consumer);
  await begun.opened;
  await backbone.redis("XTRIM", backbone.stream, "MAXLEN", "0");
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(await pendingOf(backbone, consumer)).toHaveLength(1);
  end.open();
  await running;
  await drainUntilQuiet(backbone, consumer);
  for (let drain = 0; drain < 10 && (await effects(backbone)).length === 0; drain += 1)
    await backbone.drain(consumer);
  expect(await effects(backbone)).toHaveLength(1);
});

describe("a consumer whose dead letters hold their keys", () => {
  const beat = (number: number) => ["a", number] as const;

  test("keeps the order over a redrive: later events wait until it is settled", async () => {
    const backbone = await openBackbone();
    let isBroken = true;
    const consumer = recorder({
      afterDeadLetter: "hold_key",
      beforeBeat: ({ payload }) => {
        if (isBroken && payload.reading === 2) throw new PermanentError("broken");
      },
    });
    await publishBeats(backbone, [beat(1), beat(2), beat(3), ["b", 1]]);
    await backbone.relay();
    await drainUntilQuiet(backbone, consumer);
    await publishBeats(backbone, [beat(4)]);
    await backbone.relay();
    await drainUntilQuiet(backbone, consumer);
    expect(await numbersOf(backbone, "a")).toEqual([1]);
    expect(await numbersOf(backbone, "b")).toEqual([1]);

    isBroken = false;
    await backbone.sql(
      `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, key,
         raw_fields, cause, dead_letter_id)
       SELECT subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, key, raw_fields, 'redrive', id
       FROM dead_letters`,
    );
    await backbone.sql("UPDATE dead_letters SET status = 'requeued'");
    for (let drain = 0; drain < 5; drain += 1) await backbone.drain(consumer);
    expect(await numbersOf(backbone, "a")).toEqual([1, 2, 3, 4]);
    expect(await backbone.sql("SELECT FROM deliveries")).toEqual([]);
  });

  test("goes on when the dead letter is discarded", async () => {
    const backbone = await openBackbone();
    const consumer = recorder({
      afterDeadLetter: "hold_key",
      beforeBeat: ({ payload }) => {
        if (payload.reading === 1) throw new PermanentError("broken");
      },
    });
    await publishBeats(backbone, [beat(1), beat(2)]);
    await backbone.relay();
    await drainUntilQuiet(backbone, consumer);
    expect(await numbersOf(backbone, "a")).toEqual([]);
    await backbone.sql("UPDATE dead_letters SET status = 'discarded'");
    await backbone.drain(consumer);
    expect(await numbersOf(backbone, "a")).toEqual([2]);
  });

  test("control: without it the key goes on behind the dead letter", async () => {
    const backbone = await openBackbone();
    const consumer = recorder({
      beforeBeat: ({ payload }) => {
        if (payload.reading === 2) throw new PermanentError("broken");
      },
    });
    await publishBeats(backbone, [beat(1), beat(2), beat(3)]);
    await backbone.relay();
    await drainUntilQuiet(backbone, consumer);
    expect(await numbersOf(backbone, "a")).toEqual([1, 3]);
  });
});
