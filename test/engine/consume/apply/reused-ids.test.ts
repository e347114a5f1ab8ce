import { parseMessageId } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  type Consumer,
  on,
  onBatch,
  onEntries,
  onSql,
  onSqlBatch,
} from "../../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../../src/engine/consume/define/define-consumer.ts";
import { forgetShardState } from "../../../../src/engine/consume/lease/deferred-signal.ts";
import { takeDeferred } from "../../../../src/engine/consume/sources/deferred-sql.ts";
import { ConflictError, PermanentError } from "../../../../src/engine/core/errors.ts";
import { keepForeign } from "../../../../src/engine/events/foreign-entries.ts";
import { editCopy } from "../../../../src/engine/operations/bulk/edited-copy.ts";
import { redriveLetter } from "../../../../src/engine/operations/bulk/redrive.ts";
import { discardLetter } from "../../../../src/engine/operations/consumers/dead-letters.ts";
import { trimShard } from "../../../../src/engine/retention/trim.ts";
import { type Backbone, createBackbone } from "../../../backbone.ts";
import { labCatalog, meterRead, partChecked } from "../../events.ts";
import {
  type Beat,
  deadLetters,
  drainUntilQuiet,
  drainWith,
  effects,
  foreignBeat,
  numbersOf,
  openBackbone,
  publishReports,
  recordBeat,
  recorder,
  recordReport,
} from "../../fixture.ts";
import { operator, plantLetters } from "../../operations/bulk-fixture.ts";

/*
 * Redis gives an id again: one entry ran ahead of the clock, so its own ids count on behind it, and a crash lost the last
 * ones. And programs that number their events give one id to two of them. Each event has its effect once for all that.
 */

const effectsTable =
  "CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, subscriber text, event_id text, agent text, number int)";

/**
 * A stream whose ids count on behind one that is a day ahead, and that the consumer has read.
 *
 * @returns what sets Redis back to what it had then
 */
async function runAhead(backbone: Backbone, consumer: Consumer): Promise<() => Promise<void>> {
  await backbone.redis("XADD", backbone.stream, `${Date.now() + 86_400_000}-5`, ...foreignBeat("ahead", 1));
  await publishReports(backbone, 1);
  await backbone.relay();
  await backbone.drain(consumer);
  const keys = [backbone.stream, backbone.open().keys.sent(0)];
  for (const key of keys) await backbone.redis("COPY", key, `${key}:copy`, "REPLACE");
  return async () => {
    for (const key of keys) await backbone.redis("COPY", `${key}:copy`, key, "REPLACE");
  };
}

async function appendBeats(backbone: Backbone, agent: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) ids.push(await backbone.append(foreignBeat(agent, at)));
  return ids;
}

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at);

const insertBeat = ({ id, payload }: Beat) =>
  sql`INSERT INTO effects (subscriber, event_id, agent, number)
    VALUES ('recorder', ${id}, ${payload.meter_id}, ${payload.reading}::integer)`;

const kinds: readonly (readonly [kind: string, consumer: Consumer])[] = [
  ["on", recorder()],
  [
    "onBatch",
    defineConsumer({
      subscriber: "recorder",
      handlers: [
        onBatch(meterRead, async (deliveries, { tx }) => {
          for (const { event } of deliveries) await recordBeat(tx, "recorder", event);
        }),
      ],
    }),
  ],
  [
    "onSql",
    defineConsumer({
      subscriber: "recorder",
      handlers: [onSql(meterRead, ({ event }) => [insertBeat(event)])],
    }),
  ],
  [
    "onSqlBatch",
    defineConsumer({
      subscriber: "recorder",
      handlers: [onSqlBatch(meterRead, ({ deliveries }) => deliveries.map(({ event }) => insertBeat(event)))],
    }),
  ],
];

describe.each(kinds)("an id that Redis gives again, with %s", (_kind, consumer) => {
  test.each([1, 40])("loses none of %i events of another program", async (count) => {
    const backbone = await openBackbone();
    const lose = await runAhead(backbone, consumer);
    const before = await appendBeats(backbone, "before", count);
    await backbone.drain(consumer);
    await lose();
    expect(await appendBeats(backbone, "behind", count)).toEqual(before);
    await backbone.drain(consumer);
    expect(await numbersOf(backbone, "before")).toEqual(upTo(count));
    expect(await numbersOf(backbone, "behind")).toEqual(upTo(count));
    // Each of them once, however often it comes.
    await backbone.redis("XGROUP", "SETID", backbone.stream, consumer.group, "0");
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 0 });
    expect(await effects(backbone)).toHaveLength(2 * count + (_kind === "on" ? 2 : 1));
    expect(await deadLetters(backbone)).toEqual([]);
  });
});

test("an id that was one of ours and goes to another program: all are applied, ours are sent again and found", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  const lose = await runAhead(backbone, consumer);
  await publishReports(backbone, 3);
  await backbone.relay();
  await backbone.drain(consumer);
  await lose();
  await appendBeats(backbone, "behind", 3);
  expect(await backbone.drain(consumer)).toMatchObject({ applied: 3 });
  await backbone.relay({ verify: true });
  expect(await backbone.drain(consumer)).toMatchObject({ applied: 0, publishedTwice: 3 });
  expect(await numbersOf(backbone, "behind")).toEqual([0, 1, 2]);
  expect(await effects(backbone)).toHaveLength(1 + 1 + 3 + 3);
});

test("the control: the unique key of message ids alone refuses the second event", async () => {
  const backbone = await openBackbone();
  const claim = (id: string) =>
    backbone.sql<{ claimed: string[] | null }>(
      `SELECT claimed FROM claim_batch('naive', 'stream', '[{"m":"7-1","e":"${id}","t":"lab.meter.read","n":null}]', 1)`,
    );
  expect(await claim("first")).toEqual([{ claimed: null }]);
  expect(await claim("second")).toEqual([{ claimed: [] }]);
});

const refuse = recorder({
  beforeBeat: ({ payload }) => {
    if (payload.reading === 13) throw new PermanentError(`no ${payload.meter_id}`);
  },
});

describe("a dead letter under an id that Redis gives again", () => {
  async function openRefused() {
    const backbone = await createBackbone({ catalog: labCatalog, consumers: [refuse] });
    onTestFinished(() => backbone.cleanup());
    await backbone.sql(effectsTable);
    const lose = await runAhead(backbone, refuse);
    const [a, b] = [foreignBeat("a", 13), foreignBeat("b", 13)];
    const id = await backbone.append(a);
    await backbone.drain(refuse);
    await lose();
    expect(await backbone.append(b)).toBe(id);
    await backbone.drain(refuse);
    const letters = await backbone.sql<{ id: string; event_id: string; stream_message_id: string }>(
      "SELECT id::text AS id, event_id, stream_message_id, raw_fields ->> 'id' AS raw_id, error_message, status FROM dead_letters ORDER BY dead_letters.id",
    );
    return { backbone, lose, id, ids: [a[1] ?? "", b[1] ?? ""], fields: { a, b }, letters };
  }

  test("stays what it is, and the other event has one of its own", async () => {
    const { backbone, id, ids, letters } = await openRefused();
    expect(letters).toMatchObject([
      { event_id: ids[0], raw_id: ids[0], error_message: "no a", status: "open", stream_message_id: id },
      { event_id: ids[1], raw_id: ids[1], error_message: "no b", status: "open" },
    ]);
    expect(letters[1]?.stream_message_id).toMatch(new RegExp(`^${id}-[0-9a-f]{8}$`));
    // Each is redriven for itself.
    const mended = recorder();
    for (const letter of letters) await redriveLetter(backbone.open(), letter.id, null, null, operator);
    await drainUntilQuiet(backbone, mended);
    expect([await numbersOf(backbone, "a"), await numbersOf(backbone, "b")]).toEqual([[13], [13]]);
    expect((await deadLetters(backbone)).map(({ status }) => status)).toEqual(["resolved", "resolved"]);
  });

  test("is discarded for its event alone", async () => {
    const { backbone, lose, fields, letters } = await openRefused();
    for (const letter of letters) await discardLetter(backbone.open().db, letter.id, "no", operator);
    const mended = recorder();
    for (const entry of [fields.a, fields.b, foreignBeat("c", 1)]) {
      await lose();
      await backbone.append(entry);
      await backbone.drain(mended);
    }
    expect([await numbersOf(backbone, "a"), await numbersOf(backbone, "b")]).toEqual([[], []]);
    expect(await numbersOf(backbone, "c")).toEqual([1]);
    expect((await deadLetters(backbone)).map(({ status }) => status)).toEqual(["discarded", "discarded"]);
  });
});

test("an entry that nobody can read has its own letter under an id that was given again", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  const lose = await runAhead(backbone, consumer);
  await backbone.append(["no", "event", "at", "all"]);
  await backbone.drain(consumer);
  await lose();
  await backbone.append(["another", "one"]);
  await backbone.drain(consumer);
  await lose();
  await backbone.append(["another", "one"]);
  await backbone.drain(consumer);
  expect((await deadLetters(backbone)).map(({ raw_fields }) => raw_fields)).toEqual([
    { no: "event", at: "all" },
    { another: "one" },
  ]);
});

test("an entry that nobody can read, under the id of an event that was applied, becomes a letter", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  const lose = await runAhead(backbone, consumer);
  await backbone.append(foreignBeat("a", 1));
  await backbone.drain(consumer);
  await lose();
  await backbone.append(["another", "one"]);
  await backbone.drain(consumer);
  expect((await deadLetters(backbone)).map(({ raw_fields }) => raw_fields)).toEqual([{ another: "one" }]);
});

async function pause(backbone: Backbone, type: string | null): Promise<void> {
  await backbone.sql(
    type === null
      ? "DELETE FROM consumer_pauses"
      : `INSERT INTO consumer_pauses (subscriber_name, event_type, reason) VALUES ('recorder', '${type}', 'maintenance')`,
  );
  const { databases, keys } = backbone.open();
  await forgetShardState({ databases, keys }, ["edge_recorder"], 1);
}

test("what is deferred under an id that Redis gives again stands beside what waits there", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  const lose = await runAhead(backbone, consumer);
  await pause(backbone, meterRead.type);
  for (const agent of ["a", "b", "c"]) {
    await appendBeats(backbone, agent, 2);
    expect(await backbone.drain(consumer)).toMatchObject({ deferred: 2 });
    await lose();
  }
  await pause(backbone, null);
  await drainUntilQuiet(backbone, consumer);
  for (const agent of ["a", "b", "c"])
    expect([agent, await numbersOf(backbone, agent)]).toEqual([agent, [0, 1]]);
  expect(await backbone.sql("SELECT FROM deliveries")).toEqual([]);
  expect(await deadLetters(backbone)).toEqual([]);
});

test.each(["when they are seen", "before they are trimmed"])(
  "entries of other programs are kept beside each other, and each once: %s",
  async (when) => {
    const backbone = await openBackbone({ env: { BRAIN_STREAM_KEEP: "0" } });
    const consumer = recorder();
    const lose = await runAhead(backbone, consumer);
    const watcher = defineConsumer({
      subscriber: "watcher",
      handlers: [
        onEntries(async (entries, { db }) => {
          await keepForeign(db, entries);
        }),
      ],
    });
    const [a, b] = [foreignBeat("a", 1), foreignBeat("b", 1)];
    for (const fields of [a, b, b, a]) {
      await backbone.append(fields);
      await backbone.drain(consumer);
      if (when === "when they are seen") await backbone.drain(watcher);
      else await trimShard(backbone.open(), 0, () => true);
      await lose();
    }
    const kept = await backbone.sql<{ event_id: string; stream_message_id: string }>(
      "SELECT event_id, stream_message_id FROM archived_entries ORDER BY position",
    );
    const own = kept.filter(({ event_id }) => event_id === a[1] || event_id === b[1]);
    expect(own.map(({ event_id }) => event_id)).toEqual([a[1], b[1]]);
    expect(own[1]?.stream_message_id).toMatch(new RegExp(`^${own[0]?.stream_message_id}-[0-9a-f]{8}$`));
  },
);

describe("one id of two events", () => {
  const withId = (id: string, agent: string) => ["id", id, ...foreignBeat(agent, 1).slice(2)];
  const report = (id: string, status: string) => [
    ...["id", id, "type", partChecked.type, "source", "another_program"],
    ...["payload", JSON.stringify({ part: "db", status }), "timestamp", "2025-12-28T10:00:00.123456"],
    ...foreignBeat("x", 1).slice(-2),
  ];

  test.each([
    ["short", "evt_1"],
    ["longer than a claim holds", `evt_${"1".repeat(60)}`],
  ])("the second is a dead letter id_taken, which a redrive applies once: %s", async (_length, id) => {
    const consumer = recorder();
    const backbone = await createBackbone({ catalog: labCatalog, consumers: [consumer] });
    onTestFinished(() => backbone.cleanup());
    await backbone.sql(effectsTable);
    const lose = id.length > 50 ? await runAhead(backbone, consumer) : null;
    await backbone.append(withId("evt_1", "x"));
    await backbone.drain(consumer);
    // A long id is not in the claim, so nothing would tell what comes again but the message id, which is taken.
    await lose?.();
    await backbone.append(report(id, "7"));
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 0, deadLettered: 1 });
    const [letter] = await backbone.sql<{ id: string }>("SELECT id::text AS id FROM dead_letters");
    expect(await deadLetters(backbone)).toMatchObject([
      { reason: "id_taken", error_class: "IdTakenError", status: "open", attempts: 1 },
    ]);
    await redriveLetter(backbone.open(), letter?.id ?? "", null, null, operator);
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 1 });
    const before = await effects(backbone);
    expect(before.filter(({ event_id }) => event_id.startsWith("evt_"))).toHaveLength(2);
    // What comes again is neither applied nor a letter.
    await backbone.redis("XGROUP", "SETID", backbone.stream, consumer.group, "0");
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 0, deadLettered: 0 });
    expect(await effects(backbone)).toEqual(before);
    expect(await deadLetters(backbone)).toMatchObject([{ status: "resolved" }]);
  });

  test("also of a batch, and a discarded one stays so under another message id", async () => {
    const backbone = await openBackbone();
    const consumer = recorder();
    await backbone.append(withId("evt_1", "x"));
    await backbone.append(report("evt_1", "7"));
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 1, deadLettered: 1 });
    const [letter] = await backbone.sql<{ id: string }>("SELECT id::text AS id FROM dead_letters");
    await discardLetter(backbone.open().db, letter?.id ?? "", "not needed", operator);
    await backbone.append(report("evt_1", "7"));
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 0, deadLettered: 0, redelivered: 1 });
    expect(await deadLetters(backbone)).toMatchObject([{ status: "discarded" }]);
  });

  test("a letter of one of them is not closed when the other is applied", async () => {
    const backbone = await openBackbone();
    const refusing = recorder({ beforeBeat: () => Promise.reject(new PermanentError("no")) });
    await backbone.append(withId("evt_1", "x"));
    await drainUntilQuiet(backbone, refusing);
    await backbone.append(report("evt_1", "7"));
    await drainUntilQuiet(backbone, refusing);
    expect(await effects(backbone)).toMatchObject([{ event_id: "evt_1", number: 7 }]);
    expect(await deadLetters(backbone)).toMatchObject([{ event_type: meterRead.type, status: "open" }]);
  });

  test("another tenant's is another event", async () => {
    const backbone = await openBackbone();
    const consumer = recorder();
    await backbone.append([...withId("evt_1", "x"), "tenant_id", "acme"]);
    await backbone.append([...withId("evt_1", "y"), "tenant_id", "other"]);
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 1, deadLettered: 1 });
  });

  test("an event whose type is called otherwise now, or whose claim does not say it, is the same one", async () => {
    const backbone = await openBackbone();
    const consumer = recorder();
    for (const id of ["evt_1", "evt_2"]) await backbone.append(withId(id, id));
    await backbone.drain(consumer);
    await backbone.sql("UPDATE processed_events SET event_type = NULL WHERE event_id = 'evt_1'");
    await backbone.sql(
      "UPDATE processed_events SET event_type = 'lab.meter.looked_at' WHERE event_id = 'evt_2'",
    );
    const readAliases = new Map([["lab.meter.looked_at", meterRead.type]]);
    const named = {
      ...labCatalog,
      readAliases,
      canonicalType: (type: string) => readAliases.get(type) ?? type,
    };
    await backbone.redis("XGROUP", "SETID", backbone.stream, consumer.group, "0");
    expect(await drainWith(backbone, consumer, () => ({ catalog: named }))).toMatchObject({
      applied: 0,
      redelivered: 2,
      deadLettered: 0,
    });
  });

  test("of a consumer whose keys wait for dead letters it holds its key, and no other", async () => {
    const backbone = await openBackbone();
    const consumer = defineConsumer({
      subscriber: "recorder",
      afterDeadLetter: "hold_key",
      handlers: [
        on(meterRead, (event, { tx }) => recordBeat(tx, "recorder", event)),
        on(partChecked, (event, { tx }) => recordReport(tx, "recorder", event)),
      ],
    });
    await backbone.append(report("evt_1", "7"));
    await backbone.append(withId("evt_1", "x"));
    await backbone.append(foreignBeat("x", 2));
    await backbone.append(foreignBeat("y", 3));
    await drainUntilQuiet(backbone, consumer);
    expect((await effects(backbone)).map(({ agent, number }) => [agent, number])).toEqual([
      [null, 7],
      ["y", 3],
    ]);
    expect(await deadLetters(backbone)).toMatchObject([{ reason: "id_taken", key: "x" }]);
  });
});

test("what was taken ahead of its place is told by its event, not by the message id alone", async () => {
  const backbone = await openBackbone();
  const plant = (table: string, id: string, more: string, values: string) =>
    backbone.sql(
      `INSERT INTO ${table} (subscriber_name, stream_name, stream_message_id, event_id${more}) VALUES ('recorder', 's', $1, 'first'${values})`,
      [id],
    );
  await plant("processed_events", "7-1", "", "");
  await plant("deliveries", "7-2", ", shard, cause", ", 0, 'waiting'");
  await plant(
    "dead_letters",
    "7-3",
    ", reason, error_class, error_message, attempts, first_failed_at, last_failed_at",
    ", 'permanent_error', 'Error', 'no', 1, now(), now()",
  );
  const alreadyTaken = async (event: string) => {
    const { alreadyTaken: found } = await takeDeferred(
      backbone.open().db,
      {
        ...{ subscriber: "recorder", shard: 1, nowMs: Date.now(), limit: 10, holdKeys: false, readTo: null },
        ...{ seenTo: null, stood: [] },
        ...{ pausedTypes: [], handledTypes: null, blockedKeys: [], keys: [] },
        perhapsTaken: ["7-1", "7-2", "7-3", "7-4"].map((id) => ({ id: parseMessageId(id), event })),
      },
      [],
    );
    return [...found].sort();
  };
  expect(await alreadyTaken("first")).toEqual(["7-1", "7-2", "7-3", "7-4"]);
  expect(await alreadyTaken("second")).toEqual([]);
});

test("of an event and its edited copy one is applied, also when the original is not noted as edited", async () => {
  const fixed = recorder();
  const backbone = await createBackbone({ catalog: labCatalog, consumers: [fixed] });
  onTestFinished(() => backbone.cleanup());
  await backbone.sql(effectsTable);
  await backbone.append(foreignBeat("a", 1));
  const broken = recorder({ beforeBeat: () => Promise.reject(new PermanentError("no")) });
  await backbone.drain(broken);
  const [letter] = await backbone.sql<{ id: string }>("SELECT id::text AS id FROM dead_letters");
  const { db, publish } = backbone.open();
  const copy = await editCopy(db, publish, letter?.id ?? "", { meter_id: "a", reading: 2, faults: 0 });
  await redriveLetter(backbone.open(), letter?.id ?? "", copy, "mended", operator);
  // As a worker of the release before leaves it that applied the original meanwhile.
  await backbone.sql(
    "UPDATE processed_events SET stream_message_id = (SELECT stream_message_id FROM dead_letters)",
  );
  expect(await backbone.drain(fixed)).toMatchObject({ applied: 0, redelivered: 1 });
  expect(await effects(backbone)).toEqual([]);
});

test("a letter of everybody is not given to a consumer for which another event waits under its message id", async () => {
  const consumer = recorder();
  const backbone = await createBackbone({ catalog: labCatalog, consumers: [consumer] });
  const [id, fields] = ["7-1", Object.fromEntries(pairsOf(foreignBeat("a", 1)))];
  const [letterId = ""] = await plantLetters(backbone, [
    { subscriber: "*", messageId: id, eventId: null, type: null, rawFields: fields },
  ]);
  const wait = (event: string | undefined) =>
    backbone.sql(
      `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, cause)
       VALUES ('recorder', 0, 's', $1, $2, 'waiting')`,
      [id, event],
    );
  await wait("another");
  await expect(redriveLetter(backbone.open(), letterId, null, null, operator)).rejects.toBeInstanceOf(
    ConflictError,
  );
  expect(await deadLetters(backbone)).toMatchObject([{ status: "open" }]);
  await backbone.sql("DELETE FROM deliveries");
  await wait(fields.id);
  expect(await redriveLetter(backbone.open(), letterId, null, null, operator)).toEqual(["recorder"]);
});

const pairsOf = (flat: readonly string[]) =>
  Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] ?? "", flat[2 * at + 1] ?? ""] as const);
