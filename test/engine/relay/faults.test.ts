import { describe, expect, test } from "vitest";
import { TransientError } from "../../../src/engine/core/errors.ts";
import type { Backbone } from "../../backbone.ts";
import { hookDatabase, sends } from "../../faults.ts";
import { recorded } from "../../recorded.ts";
import {
  drainUntilQuiet,
  effects,
  endRelayLease,
  eventIds,
  leaseMs,
  openBackbone,
  openFaultyBackbone,
  publishReports,
  recorder,
  relayWith,
  streamEntries,
  unsent,
} from "../fixture.ts";

/** Stream ids that the record notes, in its order. */
const noted = async (backbone: Backbone) =>
  (
    await backbone.sql<{ id: string }>(`SELECT stream_message_id AS id FROM ${recorded} ORDER BY position`)
  ).map(({ id }) => id);
const appends = sends("XADD");

/** What a program that lets Redis number its entries writes; `aheadMs` is how far its clock runs before ours. */
async function foreignEntry(backbone: Backbone, aheadMs: number): Promise<string> {
  const id = `${Date.now() + aheadMs}-0`;
  return String(
    await backbone.redis("XADD", backbone.stream, id, "id", crypto.randomUUID(), "type", "foreign"),
  );
}

describe("a reply that got lost after the append", () => {
  test("does not duplicate: Redis answers with the ids that it gave, and the record notes them", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const ids = await publishReports(backbone, 5);
    const lost = redis.inject({ kind: "drop-reply" }, { when: appends, times: 1 });
    expect(await backbone.relay()).toMatchObject({ sent: 5, batches: 1, repeated: 1 });
    expect(lost.hits).toBe(1);
    expect(await eventIds(backbone)).toEqual(ids);
    expect(await unsent(backbone)).toBe(0);
    expect(await noted(backbone)).toEqual((await streamEntries(backbone)).map((entry) => entry.id));
  });

  test("every time: the relay gives up, and the next one finds that the batch is there", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const ids = await publishReports(backbone, 3);
    redis.inject({ kind: "drop-reply" }, { when: appends });
    await expect(backbone.relay()).rejects.toBeInstanceOf(TransientError);
    expect(await unsent(backbone)).toBe(3);
    redis.heal();
    ids.push(...(await publishReports(backbone, 2)));
    expect(await backbone.relay()).toMatchObject({ sent: 5, batches: 2, repeated: 1 });
    expect(await eventIds(backbone)).toEqual(ids);
  });

  test("control: with ids given by Redis the repeat is a second entry", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    redis.inject({ kind: "drop-reply" }, { when: appends, times: 1 });
    const append = () => backbone.redis("XADD", backbone.stream, "*", "id", "one");
    await expect(append()).rejects.toBeInstanceOf(TransientError);
    await append();
    expect(await eventIds(backbone)).toEqual(["one", "one"]);
  });
});

describe("a relay that dies", () => {
  const isMark = (text: string) => /relay_next|relay_go_on/.test(text);

  test("between append and mark: the next one marks without a second append", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const ids = await publishReports(backbone, 4);
    let isDead = false;
    const dying = relayWith(backbone, ({ db }) => ({
      db: hookDatabase(db, {
        statements: (text, run) => {
          isDead ||= isMark(text);
          return isDead ? Promise.reject(new TransientError("killed")) : run();
        },
      }),
    }));
    await expect(dying).rejects.toThrow("killed");
    expect(await eventIds(backbone)).toEqual(ids);
    expect(await unsent(backbone)).toBe(4);
    // It could not let go, so the next one waits for the end of its lease.
    const { busy } = await backbone.relay();
    expect(busy?.waitMs).toBeLessThanOrEqual(leaseMs);
    await endRelayLease(backbone);
    redis.requests.length = 0;
    expect(await backbone.relay()).toMatchObject({ sent: 4, repeated: 1 });
    expect(await eventIds(backbone)).toEqual(ids);
    expect(await unsent(backbone)).toBe(0);
  });

  test("before the append: the next one sends the very batch, under the number it was given", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const ids = await publishReports(backbone, 4);
    redis.inject({ kind: "refuse" }, { when: appends });
    await expect(backbone.relay()).rejects.toBeInstanceOf(TransientError);
    redis.heal();
    const [stored] = await backbone.sql<{ number: string; rows: number }>(
      "SELECT batch_number AS number, cardinality(batch_positions) AS rows FROM relay_shards",
    );
    expect(stored).toEqual({ number: "1", rows: 4 });
    // Published meanwhile, it comes behind the batch in flight.
    ids.push(...(await publishReports(backbone, 1)));
    expect(await backbone.relay()).toMatchObject({ sent: 5, batches: 2, repeated: 0 });
    expect(await eventIds(backbone)).toEqual(ids);
    expect(await backbone.redis("HGET", backbone.open().keys.sent(0), "number")).toBe("2");
  });

  test("after the mark was executed, with its answer lost: nothing is sent again", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 2);
    const deaf = relayWith(backbone, ({ db }) => ({
      db: hookDatabase(db, {
        statements: async (text, run) => {
          const answer = await run();
          if (isMark(text)) throw new TransientError("the answer got lost");
          return answer;
        },
      }),
    }));
    await expect(deaf).rejects.toThrow("the answer got lost");
    await endRelayLease(backbone);
    expect(await backbone.relay()).toMatchObject({ sent: 0 });
    expect(await eventIds(backbone)).toEqual(ids);
  });
});

describe("Redis that is away", () => {
  test.each(["refuse", "error-500"] as const)(
    "(%s) neither fails a request nor loses an event",
    async (kind) => {
      const { backbone, redis } = await openFaultyBackbone();
      redis.inject({ kind });
      const ids = await publishReports(backbone, 2);
      await expect(backbone.relay()).rejects.toBeInstanceOf(TransientError);
      ids.push(...(await publishReports(backbone, 1)));
      await expect(backbone.relay()).rejects.toBeInstanceOf(TransientError);
      expect(await unsent(backbone)).toBe(3);
      redis.heal();
      expect(await backbone.relay()).toMatchObject({ sent: 3 });
      expect(await eventIds(backbone)).toEqual(ids);
      expect(await unsent(backbone)).toBe(0);
    },
  );

  test("for one request only is not noticed by anybody", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const ids = await publishReports(backbone, 2);
    redis.inject({ kind: "refuse" }, { when: appends, times: 2 });
    expect(await backbone.relay()).toMatchObject({ sent: 2, repeated: 0 });
    expect(await eventIds(backbone)).toEqual(ids);
  });

  test("and slow is waited for", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    await publishReports(backbone, 1);
    redis.inject({ kind: "delay", ms: 300 }, { when: appends, times: 1 });
    expect(await backbone.relay()).toMatchObject({ sent: 1, repeated: 0 });
  });
});

describe("another writer on the stream", () => {
  test("whose ids run ahead of our clock: ours follow them, nothing is lost, all can be read", async () => {
    const backbone = await openBackbone();
    const foreign = await foreignEntry(backbone, 60_000);
    const ids = await publishReports(backbone, 3);
    expect(await backbone.relay()).toMatchObject({ sent: 3, batches: 1 });
    ids.push(...(await publishReports(backbone, 2)));
    expect(await backbone.relay()).toMatchObject({ sent: 2, batches: 1 });
    const entries = await streamEntries(backbone);
    expect(entries.map((entry) => entry.fields.id).slice(1)).toEqual(ids);
    expect([foreign, ...(await noted(backbone))]).toEqual(entries.map((entry) => entry.id));
    const consumer = recorder();
    expect(await backbone.drain(consumer)).toMatchObject({ read: 6, applied: 5 });
  });

  test("that writes between our batches all the time loses nothing and stays in order", async () => {
    const backbone = await openBackbone();
    const ids: string[] = [];
    const foreign: string[] = [];
    for (let round = 0; round < 8; round += 1) {
      foreign.push(await backbone.append(["id", `foreign-${round}`, "type", "foreign"]));
      ids.push(...(await publishReports(backbone, 2)));
      const writers = [backbone.relay(), foreignEntry(backbone, 20 * round).catch(() => null)];
      await Promise.all(writers);
    }
    await backbone.relay();
    const seen = await eventIds(backbone);
    expect(seen.filter((id) => id !== undefined && ids.includes(id))).toEqual(ids);
    expect(seen.filter((id) => id?.startsWith("foreign-"))).toHaveLength(foreign.length);
  });

  test("that is a step ahead at each of our appends costs no round trip", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 3);
    let aheadMs = 60_000;
    let calls = 0;
    const racing = await relayWith(backbone, ({ redis, relay: settings }) => {
      if (redis === null) throw new Error("no stream");
      const ahead: typeof redis.eval = async (script, keys, args) => {
        calls += 1;
        aheadMs += 60_000;
        await foreignEntry(backbone, aheadMs);
        return redis.eval(script, keys, args);
      };
      return { redis: { ...redis, eval: ahead }, settings: { ...settings, maxCount: 1 } };
    });
    expect(racing).toMatchObject({ sent: 3, batches: 3 });
    expect(calls).toBe(3);
    expect((await eventIds(backbone)).filter((id) => id !== undefined && ids.includes(id))).toEqual(ids);
  });
});

describe("publishing has no second way", () => {
  test("an error of the database reaches the caller; nothing is swallowed into a result that nobody looks at", async () => {
    const backbone = await openBackbone();
    await backbone.sql("ALTER TABLE events RENAME TO events_gone");
    await expect(publishReports(backbone, 1)).rejects.toThrow(/42P01/);
    await backbone.sql("ALTER TABLE events_gone RENAME TO events");
  });

  test("a stream that is away is not replaced by another one: the events wait and go where they belong", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    redis.inject({ kind: "refuse" });
    await publishReports(backbone, 1);
    await expect(backbone.relay()).rejects.toThrow();
    redis.heal();
    const keys = () => backbone.redis("KEYS", `${backbone.sandbox.prefix}*`);
    expect(await keys()).toEqual([]);
    await backbone.relay();
    expect(((await keys()) as string[]).filter((key) => key.includes("stream"))).toEqual([backbone.stream]);
  });

  test("a failure behind the append does not publish again: a repeated publish under the same id is one effect", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const [id] = await publishReports(backbone, 1);
    redis.inject({ kind: "drop-reply" }, { when: appends });
    await expect(backbone.relay()).rejects.toThrow();
    redis.heal();
    await backbone.relay();
    const consumer = recorder();
    await drainUntilQuiet(backbone, consumer);
    expect((await effects(backbone)).map((row) => row.event_id)).toEqual([id]);
    expect(await eventIds(backbone)).toEqual([id]);
  });
});
