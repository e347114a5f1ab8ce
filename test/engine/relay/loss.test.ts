import { compareMessageIds, parseMessageId } from "@brain/schemas";
import { describe, expect, test } from "vitest";
import { TransientError } from "../../../src/engine/core/errors.ts";
import type { Backbone } from "../../backbone.ts";
import { sends } from "../../faults.ts";
import { noteSent, recorded, unsend } from "../../recorded.ts";
import {
  eventIds,
  openBackbone,
  openFaultyBackbone,
  publishReports,
  relayWith,
  sendReports,
  streamEntries,
  unsent,
} from "../fixture.ts";

/*
 * What the number of the last batch beside the stream tells: which relay is late, what Redis lost, and what a record was
 * set back to. Redis loses both together; a person, or a memory limit, may remove one of them.
 */

const sentKey = (backbone: Backbone) => backbone.open().keys.sent(0);

/** Every event of the record stands once in the stream, under the id that the record notes. */
async function expectWhole(backbone: Backbone): Promise<void> {
  const entries = await streamEntries(backbone);
  const places = new Map(entries.map(({ id, fields }) => [fields.id, id]));
  const rows = await backbone.sql<{ id: string; place: string | null }>(
    `SELECT id, stream_message_id AS place FROM ${recorded} ORDER BY position`,
  );
  expect(rows.map(({ id }) => places.get(id) ?? null)).toEqual(rows.map(({ place }) => place));
  expect(entries.filter(({ fields }) => rows.some(({ id }) => id === fields.id))).toHaveLength(rows.length);
}

/** Keeps the state of stream and number, as a replica has it that lags behind; `lose` makes it the state. */
async function replicate(backbone: Backbone): Promise<{ lose(): Promise<void> }> {
  const keys = [backbone.stream, sentKey(backbone)];
  for (const key of keys) expect(await backbone.redis("COPY", key, `${key}:replica`, "REPLACE")).toBe(1);
  return {
    async lose() {
      for (const key of keys) await backbone.redis("COPY", `${key}:replica`, key, "REPLACE");
    },
  };
}

describe("Redis that comes back without the last batches", () => {
  test("gets what it lost, and nothing else, also when another program has written since", async () => {
    const backbone = await openBackbone();
    const ids = await sendReports(backbone, 3);
    const replica = await replicate(backbone);
    ids.push(...(await sendReports(backbone, 2)), ...(await sendReports(backbone, 2)));
    await replica.lose();
    // Beyond all that was sent, so the last id of the stream does not tell.
    await backbone.append(["id", "foreign", "type", "foreign"]);
    ids.push(...(await publishReports(backbone, 1)));
    expect(await backbone.relay()).toMatchObject({ sent: 5, restored: 4 });
    expect((await eventIds(backbone)).toSorted()).toEqual([...ids, "foreign"].toSorted());
    await expectWhole(backbone);
    expect(await backbone.relay({ verify: true })).toMatchObject({ sent: 0, restored: 0 });
  });

  test("gets it at a look of cron, without a new event", async () => {
    const backbone = await openBackbone();
    const ids = await sendReports(backbone, 3);
    const replica = await replicate(backbone);
    ids.push(...(await sendReports(backbone, 2)));
    await replica.lose();
    expect(await backbone.relay({ verify: true })).toMatchObject({ sent: 2, restored: 2 });
    expect(await eventIds(backbone)).toEqual(ids);
    await expectWhole(backbone);
  });

  test("gets the batch again of which the reply was lost with it", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const ids = await sendReports(backbone, 3);
    const replica = await replicate(backbone);
    ids.push(...(await publishReports(backbone, 2)));
    redis.inject({ kind: "drop-reply" }, { when: sends("XADD") });
    await expect(backbone.relay()).rejects.toBeInstanceOf(TransientError);
    redis.heal();
    await replica.lose();
    expect(await backbone.relay()).toMatchObject({ sent: 2, repeated: 0, restored: 0 });
    expect(await eventIds(backbone)).toEqual(ids);
    await expectWhole(backbone);
  });

  test("gets everything when nothing is left, though another program began the stream with a clock that is behind", async () => {
    const backbone = await openBackbone();
    const ids = [...(await sendReports(backbone, 3)), ...(await sendReports(backbone, 2))];
    await backbone.redis("DEL", backbone.stream, sentKey(backbone));
    const behind = `${Date.now() - 60_000}-0`;
    await backbone.redis("XADD", backbone.stream, behind, "id", "foreign", "type", "foreign");
    ids.push(...(await publishReports(backbone, 1)));
    expect(await backbone.relay()).toMatchObject({ sent: 6, restored: 5 });
    expect(await eventIds(backbone)).toEqual(["foreign", ...ids]);
    await expectWhole(backbone);
  });

  test("never gets an id again that an event had before the loss, also not far ahead of the clock", async () => {
    const backbone = await openBackbone();
    await backbone.redis("XADD", backbone.stream, `${Date.now() + 86_400_000}-5`, "type", "foreign");
    await sendReports(backbone, 3);
    const before = (await streamEntries(backbone)).slice(1).map(({ id }) => parseMessageId(id));
    await backbone.redis("DEL", backbone.stream, sentKey(backbone));
    await sendReports(backbone, 1);
    const after = (await streamEntries(backbone)).map(({ id }) => parseMessageId(id));
    expect(after).toHaveLength(4);
    for (const id of after) {
      for (const former of before) expect(compareMessageIds(id, former)).toBeGreaterThan(0);
    }
    await expectWhole(backbone);
  });
});

describe("a batch that consumers read, and that Redis lost before the relay heard of it", () => {
  test("comes back under other ids: what was claimed under those is no other event's", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    // The clock does not tell ids apart here.
    await backbone.redis("XADD", backbone.stream, `${Date.now() + 86_400_000}-5`, "type", "foreign");
    await sendReports(backbone, 3);
    await publishReports(backbone, 2);
    redis.inject({ kind: "drop-reply" }, { when: sends("XADD") });
    await expect(backbone.relay()).rejects.toBeInstanceOf(TransientError);
    redis.heal();
    const read = await streamEntries(backbone);
    await backbone.redis("DEL", backbone.stream, sentKey(backbone));
    expect(await backbone.relay()).toMatchObject({ restored: 3, sent: 5 });
    await backbone.relay();
    const places = new Set(read.map(({ id }) => id));
    expect((await streamEntries(backbone)).filter(({ id }) => places.has(id))).toEqual([]);
    await expectWhole(backbone);
  });

  test("comes back under other ids also when it was given up, and the stream ends again where it ended then", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const ahead = `${Date.now() + 86_400_000}-5`;
    const writeAhead = () => backbone.redis("XADD", backbone.stream, ahead, "type", "foreign");
    await sendReports(backbone, 1);
    const replica = await replicate(backbone);
    await sendReports(backbone, 2);
    await writeAhead();
    await publishReports(backbone, 2);
    redis.inject({ kind: "drop-reply" }, { when: sends("XADD") });
    await expect(backbone.relay()).rejects.toBeInstanceOf(TransientError);
    redis.heal();
    const read = (await streamEntries(backbone)).slice(-2);
    await replica.lose();
    await writeAhead();
    expect(await backbone.relay()).toMatchObject({ restored: 2, sent: 4 });
    const places = new Map((await streamEntries(backbone)).map(({ id, fields }) => [id, fields.id]));
    expect(read.map(({ id }) => places.get(id))).toEqual([undefined, undefined]);
    await expectWhole(backbone);
  });
});

describe("one key without the other", () => {
  test("the stream, with the number left: everything is sent again", async () => {
    const backbone = await openBackbone();
    const ids = await sendReports(backbone, 3);
    await backbone.redis("DEL", backbone.stream);
    await backbone.append(["id", "foreign", "type", "foreign"]);
    ids.push(...(await publishReports(backbone, 1)));
    expect(await backbone.relay()).toMatchObject({ sent: 4, restored: 3 });
    expect(await eventIds(backbone)).toEqual(["foreign", ...ids]);
    await expectWhole(backbone);
  });

  test("the stream, with the number of a batch left of which the reply was lost: it is sent again", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const ids = await sendReports(backbone, 3);
    ids.push(...(await publishReports(backbone, 2)));
    redis.inject({ kind: "drop-reply" }, { when: sends("XADD") });
    await expect(backbone.relay()).rejects.toBeInstanceOf(TransientError);
    redis.heal();
    await backbone.redis("DEL", backbone.stream);
    expect(await backbone.relay()).toMatchObject({ sent: 5, repeated: 0, restored: 3 });
    expect((await eventIds(backbone)).toSorted()).toEqual(ids.toSorted());
    await expectWhole(backbone);
  });

  test("the number, with the stream left: the relay goes on, and sends nothing again", async () => {
    const backbone = await openBackbone();
    const ids = await sendReports(backbone, 3);
    await backbone.redis("DEL", sentKey(backbone));
    ids.push(...(await publishReports(backbone, 2)));
    expect(await backbone.relay()).toMatchObject({ sent: 2, restored: 0 });
    expect(await eventIds(backbone)).toEqual(ids);
    expect(await backbone.redis("HGET", sentKey(backbone), "number")).toBe("2");
  });

  test("a stream cut at its end by hand, behind which another program wrote: nobody can tell, so everything is sent again", async () => {
    const backbone = await openBackbone();
    const ids = await sendReports(backbone, 3);
    await backbone.redis("DEL", backbone.stream);
    // Below the last of ours, so it might be what is left.
    await backbone.redis(
      "XADD",
      backbone.stream,
      `${Date.now() - 60_000}-0`,
      "id",
      "foreign",
      "type",
      "foreign",
    );
    expect(await backbone.relay({ verify: true })).toMatchObject({ sent: 3, restored: 3 });
    expect(await eventIds(backbone)).toEqual(["foreign", ...ids]);
  });
});

describe("an id of ours that another program was given after a loss", () => {
  /** The stream is ahead of the clock, so Redis gives the ids behind its last one, which were ours before. */
  async function fillUp(backbone: Backbone, count: number): Promise<string[]> {
    const given: string[] = [];
    for (let n = 0; n < count; n += 1)
      given.push(await backbone.append(["id", `foreign-${n}`, "type", "foreign"]));
    return given;
  }

  test.each([
    ["without the number", true],
    ["with the number of the last batch but one", false],
  ])("does not hide the loss, %s", async (_, losesNumber) => {
    const backbone = await openBackbone();
    await backbone.redis("XADD", backbone.stream, `${Date.now() + 86_400_000}-5`, "type", "foreign");
    await sendReports(backbone, 2);
    const replica = await replicate(backbone);
    await sendReports(backbone, 3);
    const lost = (await streamEntries(backbone)).slice(-3).map(({ id }) => id);
    await replica.lose();
    if (losesNumber) await backbone.redis("DEL", sentKey(backbone));
    expect(await fillUp(backbone, 3)).toEqual(lost);
    const { restored } = await backbone.relay({ verify: true });
    // Without the number nobody can tell how much was lost.
    expect(restored).toBe(losesNumber ? 5 : 3);
    await backbone.relay();
    const ids = await eventIds(backbone);
    const rows = await backbone.sql<{ id: string; place: string }>(
      `SELECT id, stream_message_id AS place FROM ${recorded}`,
    );
    const places = new Map((await streamEntries(backbone)).map(({ id, fields }) => [id, fields.id]));
    for (const { id, place } of rows) expect(places.get(place)).toBe(id);
    expect(ids.filter((id) => id.startsWith("foreign"))).toHaveLength(3);
  });
});

describe("a record that was set back to a backup", () => {
  /** The relay's state as a backup had it; the events since are gone from the record. */
  async function backUp(backbone: Backbone): Promise<{ restore(): Promise<void> }> {
    await backbone.sql("CREATE TABLE backup_shards AS SELECT * FROM relay_shards");
    await backbone.sql("CREATE TABLE backup_events AS SELECT position FROM events");
    return {
      async restore() {
        await backbone.sql("DELETE FROM events WHERE position NOT IN (SELECT position FROM backup_events)");
        await backbone.sql("DELETE FROM relay_shards");
        await backbone.sql("INSERT INTO relay_shards SELECT * FROM backup_shards");
      },
    };
  }

  test.each([1, 3])("%i batches ago: what comes next is sent, behind what Redis has", async (batches) => {
    const backbone = await openBackbone();
    await sendReports(backbone, 2);
    const backup = await backUp(backbone);
    for (let at = 0; at < batches; at += 1) await sendReports(backbone, 2);
    await backup.restore();
    const before = await eventIds(backbone);
    // The number of this one was used, for other events.
    const ids = await publishReports(backbone, 2);
    expect(await backbone.relay()).toMatchObject({ sent: 2, batches: 1, repeated: 0 });
    expect(await eventIds(backbone)).toEqual([...before, ...ids]);
    expect(backbone.logs.filter((line) => line.includes("set back"))).toHaveLength(1);
    ids.push(...(await sendReports(backbone, 1)));
    expect(await eventIds(backbone)).toEqual([...before, ...ids]);
    expect(await unsent(backbone)).toBe(0);
  });

  test("is an alert that names where the record ended, until somebody closes it", async () => {
    const backbone = await openBackbone();
    await sendReports(backbone, 2);
    const known = (await streamEntries(backbone)).at(-1)?.id;
    const backup = await backUp(backbone);
    await sendReports(backbone, 2);
    await backup.restore();
    await publishReports(backbone, 1);
    const alerts = () =>
      backbone.sql<{ subject: string; message: string }>(
        "SELECT subject, message FROM alerts WHERE kind = 'record_set_back' AND resolved_at IS NULL",
      );
    expect(await alerts()).toEqual([]);
    await backbone.system.cron();
    expect(await alerts()).toEqual([
      { subject: "shard 0", message: expect.stringContaining(`charter tail --behind ${known}`) },
    ]);
    await sendReports(backbone, 1);
    await backbone.system.cron();
    expect(await alerts()).toHaveLength(1);
  });

  test("is no matter for the batch in flight that it still has", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const ids = await publishReports(backbone, 2);
    redis.inject({ kind: "refuse" }, { when: sends("XADD") });
    await expect(backbone.relay()).rejects.toBeInstanceOf(TransientError);
    redis.heal();
    const backup = await backUp(backbone);
    await backbone.relay();
    await backup.restore();
    await backbone.sql(unsend());
    expect(await backbone.relay()).toMatchObject({ sent: 2, repeated: 1 });
    expect(await eventIds(backbone)).toEqual(ids);
    await expectWhole(backbone);
  });
});

describe("a batch in flight of the release before, which gave ids ahead and no numbers", () => {
  /** What that release did up to its append: rows and ids are stored. Also tells how it appended. */
  async function takeAsBefore(backbone: Backbone): Promise<{ append(): Promise<unknown> }> {
    const rows = await backbone.sql<{ position: string; id: string }>(
      `SELECT position, id FROM ${recorded} WHERE sent_at IS NULL ORDER BY position`,
    );
    const ms = Date.now();
    await backbone.sql("INSERT INTO relay_layout (id, shards) VALUES (1, 1) ON CONFLICT DO NOTHING");
    await backbone.sql("INSERT INTO relay_shards (shard) VALUES (0) ON CONFLICT DO NOTHING");
    await backbone.sql(
      "UPDATE relay_shards SET batch_positions = $1::bigint[], batch_ms = $2, batch_seq = 0",
      [rows.map(({ position }) => position), ms],
    );
    const script = "for i = 1, #ARGV, 2 do redis.call('XADD', KEYS[1], ARGV[i], 'id', ARGV[i + 1]) end";
    const args = rows.flatMap(({ id }, at) => [`${ms}-${at}`, id]);
    return { append: () => backbone.redis("EVAL", script, "1", backbone.stream, ...args) };
  }

  test.each(["new", "going on"])("that was not appended is sent (%s system)", async (system) => {
    const backbone = await openBackbone();
    const ids = system === "new" ? [] : await sendReports(backbone, 2);
    ids.push(...(await publishReports(backbone, 3)));
    const former = await takeAsBefore(backbone);
    ids.push(...(await publishReports(backbone, 1)));
    expect(await backbone.relay()).toMatchObject({ sent: 4, batches: 2, repeated: 0 });
    expect(await eventIds(backbone)).toEqual(ids);
    await expectWhole(backbone);
    // It comes late: Redis refuses its ids.
    await expect(former.append()).rejects.toThrow(/equal or smaller/);
  });

  test.each(["new", "going on"])("that was appended is found there (%s system)", async (system) => {
    const backbone = await openBackbone();
    const ids = system === "new" ? [] : await sendReports(backbone, 2);
    ids.push(...(await publishReports(backbone, 3)));
    const former = await takeAsBefore(backbone);
    await former.append();
    await backbone.append(["id", "foreign", "type", "foreign"]);
    ids.push("foreign", ...(await publishReports(backbone, 1)));
    expect(await backbone.relay()).toMatchObject({ sent: 4, batches: 2, repeated: 1 });
    expect(await eventIds(backbone)).toEqual(ids);
    await expectWhole(backbone);
  });

  test("of which the ids were taken by another writer gets others", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 3);
    const former = await takeAsBefore(backbone);
    await backbone.redis("XADD", backbone.stream, `${Date.now() + 5_000}-0`, "id", "foreign");
    await expect(former.append()).rejects.toThrow(/equal or smaller/);
    expect(await backbone.relay()).toMatchObject({ sent: 3, batches: 1, repeated: 0 });
    expect(await eventIds(backbone)).toEqual(["foreign", ...ids]);
    await expectWhole(backbone);
  });

  test("stands once, also when the reply to us is lost and that release goes on with it meanwhile", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    const ids = await publishReports(backbone, 3);
    const former = await takeAsBefore(backbone);
    redis.inject({ kind: "drop-reply" }, { when: sends("XADD") });
    await expect(backbone.relay()).rejects.toBeInstanceOf(TransientError);
    redis.heal();
    await expect(former.append()).rejects.toThrow(/equal or smaller/);
    expect(await backbone.relay()).toMatchObject({ sent: 3, repeated: 1 });
    expect(await eventIds(backbone)).toEqual(ids);
    await expectWhole(backbone);
  });

  test("is finished by that release while ours waits, and what it takes then is ours to finish", async () => {
    const backbone = await openBackbone();
    const ids = await sendReports(backbone, 2);
    ids.push(...(await publishReports(backbone, 2)));
    const former = await takeAsBefore(backbone);
    await former.append();
    // As that release ended a batch: it knows of ids only.
    const [batch] = await backbone.sql<{ ms: string }>("SELECT batch_ms AS ms FROM relay_shards");
    for (const [place, id] of ids.slice(2).entries())
      await backbone.sql(noteSent, [id, `${batch?.ms}-${place}`]);
    await backbone.sql(`UPDATE relay_shards SET last_ms = batch_ms, last_seq = 1, known_ms = batch_ms, known_seq = 1,
      batch_positions = NULL, batch_ms = NULL, batch_seq = NULL`);
    ids.push(...(await publishReports(backbone, 2)));
    await takeAsBefore(backbone);
    ids.push(...(await publishReports(backbone, 1)));
    const result = await relayWith(backbone, () => ({}));
    expect(result).toMatchObject({ sent: 3, batches: 2, restored: 0 });
    expect(await eventIds(backbone)).toEqual(ids);
    await expectWhole(backbone);
  });
});
