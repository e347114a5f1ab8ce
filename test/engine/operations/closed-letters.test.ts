import { createCatalog, defineEvent } from "@brain/schemas";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { on } from "../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../src/engine/consume/define/define-consumer.ts";
import { editCopy } from "../../../src/engine/operations/bulk/edited-copy.ts";
import { redriveLetter } from "../../../src/engine/operations/bulk/redrive.ts";
import { discardLetter } from "../../../src/engine/operations/consumers/dead-letters.ts";
import { type Backbone, createBackbone } from "../../backbone.ts";
import { labCatalog, meterRead } from "../events.ts";
import {
  deadLetters,
  drainUntilQuiet,
  drainWith,
  effects,
  endLease,
  foreignBeat,
  openBackbone,
  publishBeats,
  recordBeat,
  recorder,
} from "../fixture.ts";
import { operator } from "./bulk-fixture.ts";

/* What was applied, resolved or given up never becomes an open dead letter again, and what is open none beside it, whatever brings it back. */

/** The event of a later release, which refuses small readings. */
const strictMeter = defineEvent(meterRead.type, {
  ...{ version: 1, module: "lab", criticality: "INFO", when: "A meter was read" },
  key: ({ meter_id }: { meter_id: string }) => meter_id,
  payload: z.strictObject({
    meter_id: z.string().min(1).max(100),
    reading: z.int().min(100).max(1_000_000_000),
    faults: z.int().min(0).max(1_000_000_000),
  }),
});

const strict = defineConsumer({
  subscriber: "recorder",
  retry: { baseMs: 1, capMs: 1 },
  handlers: [on(strictMeter, (event, { tx }) => recordBeat(tx, "recorder", event))],
});

async function openStrict(): Promise<Backbone> {
  const backbone = await createBackbone({ catalog: createCatalog([strictMeter]), consumers: [strict] });
  onTestFinished(() => backbone.cleanup());
  await backbone.sql(
    "CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, subscriber text, event_id text, agent text, number int)",
  );
  return backbone;
}

const lettersOf = (backbone: Backbone) =>
  backbone.sql<{ id: string; status: string; resolution: string | null; event_id: string }>(
    "SELECT id::text AS id, status, resolution, event_id FROM dead_letters ORDER BY dead_letters.id",
  );

async function redriveEdited(backbone: Backbone, id: string, reading: number): Promise<void> {
  const { db, publish } = backbone.open();
  const copy = await editCopy(db, publish, id, { meter_id: "edited", reading, faults: 0 });
  await redriveLetter(backbone.open(), id, copy, "mended", operator);
  await drainUntilQuiet(backbone, strict);
}

/** Two events that do not fit: one was edited and applied, one was discarded. */
async function openClosed() {
  const backbone = await openStrict();
  for (const agent of ["edited", "discarded"]) await backbone.append(foreignBeat(agent, 1));
  await backbone.drain(strict);
  const [first, second] = await lettersOf(backbone);
  await redriveEdited(backbone, first?.id ?? "", 700);
  await discardLetter(backbone.open().db, second?.id ?? "", "not needed", operator);
  const closed = await lettersOf(backbone);
  expect(closed.map(({ status }) => status)).toEqual(["resolved", "discarded"]);
  return { backbone, closed };
}

test("what was edited or discarded stays so when its entry is delivered again", async () => {
  const { backbone, closed } = await openClosed();
  await backbone.redis("XGROUP", "SETID", backbone.stream, strict.group, "0");
  expect(await backbone.drain(strict)).toMatchObject({ redelivered: 2, deadLettered: 0 });
  expect(await lettersOf(backbone)).toEqual(closed);
  expect(await effects(backbone)).toHaveLength(1);
});

test("and when it stands on the stream under another id", async () => {
  const { backbone, closed } = await openClosed();
  const entries = (await backbone.redis("XRANGE", backbone.stream, "-", "+")) as [string, string[]][];
  for (const [, fields] of entries) await backbone.append(fields);
  expect(await backbone.drain(strict)).toMatchObject({ deadLettered: 0 });
  expect(await lettersOf(backbone)).toEqual(closed);
  expect(await effects(backbone)).toHaveLength(1);
});

test("what is open has one letter, also when it comes back under other ids, and is done with as one", async () => {
  const backbone = await openStrict();
  await backbone.append(foreignBeat("lost", 1));
  await backbone.append(foreignBeat("other", 2));
  await backbone.drain(strict);
  const open = await lettersOf(backbone);
  expect(open).toHaveLength(2);
  // As what Redis lost is sent again, twice.
  const entries = (await backbone.redis("XRANGE", backbone.stream, "-", "+")) as [string, string[]][];
  for (const [, fields] of [...entries, ...entries]) await backbone.append(fields);
  await backbone.drain(strict);
  expect(await lettersOf(backbone)).toEqual(open);
  await redriveEdited(backbone, open[0]?.id ?? "", 700);
  expect((await lettersOf(backbone)).map(({ status }) => status)).toEqual(["resolved", "open"]);
  expect(await backbone.redis("XPENDING", backbone.stream, strict.group)).toEqual([0, null, null, null]);
});

test("what was applied is no dead letter of a release whose schema it does not fit, under its id or another", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  await publishBeats(backbone, [
    ["m", 1],
    ["m", 2],
  ]);
  await backbone.relay();
  await backbone.drain(consumer);
  await backbone.redis("XGROUP", "SETID", backbone.stream, consumer.group, "0");
  const entries = (await backbone.redis("XRANGE", backbone.stream, "-", "+")) as [string, string[]][];
  for (const [, fields] of entries) await backbone.append(fields);
  const catalog = createCatalog([strictMeter]);
  expect(await drainWith(backbone, strict, () => ({ catalog }))).toMatchObject({
    redelivered: 4,
    deadLettered: 0,
  });
  expect(await deadLetters(backbone)).toEqual([]);
});

test("the control: one that was not applied is", async () => {
  const backbone = await openBackbone();
  await publishBeats(backbone, [["m", 1]]);
  await backbone.relay();
  const catalog = createCatalog([strictMeter]);
  expect(await drainWith(backbone, strict, () => ({ catalog }))).toMatchObject({ deadLettered: 1 });
  expect(await deadLetters(backbone)).toMatchObject([{ reason: "invalid_payload", status: "open" }]);
});

test("what was applied, and whose entry was trimmed before its ack, is no lost body", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  for (const number of [1, 2]) await backbone.append(foreignBeat("f", number));
  await backbone.drain(consumer);
  // As a worker leaves them that is killed between its commit and its acks, beside one that was never handled.
  await backbone.append(foreignBeat("f", 3));
  await backbone.redis("XGROUP", "SETID", backbone.stream, consumer.group, "0");
  const read = [
    "XREADGROUP",
    "GROUP",
    consumer.group,
    "dead",
    "COUNT",
    "10",
    "STREAMS",
    backbone.stream,
    ">",
  ];
  await backbone.redis(...(read as [string, ...string[]]));
  await backbone.redis("XTRIM", backbone.stream, "MAXLEN", "0");
  await endLease(backbone, consumer);
  const results = await drainUntilQuiet(backbone, consumer);
  expect(results.reduce((sum, { redelivered }) => sum + redelivered, 0)).toBe(2);
  expect(await deadLetters(backbone)).toMatchObject([{ reason: "body_lost", status: "open" }]);
  expect(await effects(backbone)).toHaveLength(2);
});

test("a replay that an operator forces may fail, and is an open letter again", async () => {
  const backbone = await createBackbone({ catalog: labCatalog, consumers: [recorder()] });
  onTestFinished(() => backbone.cleanup());
  await backbone.sql(
    "CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, subscriber text, event_id text, agent text, number int)",
  );
  const broken = recorder({
    beforeBeat: () => Promise.reject(Object.assign(new Error("no"), { status: 400 })),
  });
  await publishBeats(backbone, [["m", 1]]);
  await backbone.relay();
  await drainUntilQuiet(backbone, broken);
  const [letter] = await lettersOf(backbone);
  await discardLetter(backbone.open().db, letter?.id ?? "", "not needed", operator);
  await backbone.sql(
    `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, key, cause, replay_epoch)
     SELECT subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, key, 'replay', 3 FROM dead_letters`,
  );
  await backbone.redis("HSET", backbone.open().keys.state("edge_recorder", 0), "queued", "test");
  await drainUntilQuiet(backbone, broken);
  expect(await lettersOf(backbone)).toMatchObject([{ status: "open", resolution: null }]);
});
