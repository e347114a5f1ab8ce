import { expect, test } from "vitest";
import { PermanentError } from "../../../src/engine/core/errors.ts";
import { editCopy } from "../../../src/engine/operations/bulk/edited-copy.ts";
import { redriveLetter } from "../../../src/engine/operations/bulk/redrive.ts";
import {
  discardLetter,
  discardLetters,
  findLetter,
} from "../../../src/engine/operations/consumers/dead-letters.ts";
import type { Backbone } from "../../backbone.ts";
import { invoke } from "../dispatch/fixture.ts";
import {
  deadLetters,
  drainUntilQuiet,
  effects,
  endLease,
  openBackbone,
  pendingOf,
  publishReports,
  recorder,
  streamEntries,
} from "../fixture.ts";
import { operator } from "./bulk-fixture.ts";

const broken = recorder({ beforeReport: () => Promise.reject(new PermanentError("broken")) });
const mended = recorder();

/** One event that became a dead letter; its entry comes once more under another stream id when `comeBack` is called. */
async function openFailed() {
  const backbone = await openBackbone();
  const [eventId = ""] = await publishReports(backbone, 1);
  await backbone.relay();
  await drainUntilQuiet(backbone, broken);
  const [letter] = await backbone.sql<{ id: string }>("SELECT id::text AS id FROM dead_letters");
  const [entry] = await streamEntries(backbone);
  const comeBack = () =>
    backbone.redis("XADD", backbone.stream, "*", ...Object.entries(entry?.fields ?? {}).flat());
  return { backbone, eventId, letterId: letter?.id ?? "", comeBack };
}

const appliedIds = async (backbone: Backbone) => (await effects(backbone)).map(({ event_id }) => event_id);

test("a discarded event is not applied when Redis brings it back", async () => {
  for (const discard of [
    (backbone: Backbone, id: string) => discardLetter(backbone.open().db, id, "not needed", operator),
    (backbone: Backbone, id: string) =>
      discardLetters(backbone.open().db, { ids: [id] }, "not needed", operator),
  ]) {
    const { backbone, letterId, comeBack } = await openFailed();
    await discard(backbone, letterId);
    await comeBack();
    expect(await backbone.drain(mended)).toMatchObject({ applied: 0, publishedTwice: 1 });
    expect(await appliedIds(backbone)).toEqual([]);
    expect((await deadLetters(backbone)).map(({ status }) => status)).toEqual(["discarded"]);
  }
});

test("an open one is applied when it comes back, for nobody has given it up, and is closed with a note", async () => {
  const { backbone, eventId, letterId, comeBack } = await openFailed();
  const again = await comeBack();
  expect((await deadLetters(backbone)).map(({ status }) => status)).toEqual(["open"]);
  await backbone.drain(mended);
  expect(await appliedIds(backbone)).toEqual([eventId]);
  expect(await findLetter(backbone.open().db, letterId)).toMatchObject({
    status: "resolved",
    resolution: `applied as ${again}, after it had become a dead letter`,
    resolved_at: expect.any(String),
  });
});

test("an open one stays open when the event fails once more, and when it only shared a batch with one that did not", async () => {
  const { backbone, eventId, comeBack } = await openFailed();
  await comeBack();
  await backbone.drain(broken);
  expect(await appliedIds(backbone)).toEqual([]);
  expect((await deadLetters(backbone)).map(({ event_id, status }) => [event_id, status])).toEqual([
    [eventId, "open"],
  ]);
  await publishReports(backbone, 3);
  await backbone.relay();
  expect(await backbone.drain(mended)).toMatchObject({ applied: 3 });
  expect((await deadLetters(backbone)).map(({ status }) => status)).toEqual(["open"]);
});

test("an applied event that comes back under another id and ends each worker becomes no dead letter", async () => {
  const backbone = await openBackbone();
  const [id = ""] = await publishReports(backbone, 1);
  await backbone.relay();
  expect(await backbone.drain(mended)).toMatchObject({ applied: 1 });
  const [entry] = await streamEntries(backbone);
  await backbone.redis("XADD", backbone.stream, "*", ...Object.entries(entry?.fields ?? {}).flat());
  // Tries that left no outcome, as often as one may have.
  await backbone.redis("XREADGROUP", "GROUP", mended.group, "dead", "STREAMS", backbone.stream, ">");
  const [pending] = await pendingOf(backbone, mended);
  await backbone.redis(
    ...([
      "XCLAIM",
      backbone.stream,
      mended.group,
      "dead",
      "0",
      pending?.id ?? "",
      "RETRYCOUNT",
      "3",
    ] as const),
  );
  await endLease(backbone, mended);
  expect((await drainUntilQuiet(backbone, mended)).map(({ deadLettered }) => deadLettered)).not.toContain(1);
  expect(await deadLetters(backbone)).toEqual([]);
  expect(await appliedIds(backbone)).toEqual([id]);
});

test("of an event and its edited copy only the copy is applied, also when the original comes back", async () => {
  const { backbone, eventId, letterId, comeBack } = await openFailed();
  const invocation = invoke(backbone, [mended]);
  const copy = await editCopy(invocation.db, invocation.publish, letterId, { part: "db", status: "77" });
  await redriveLetter(invocation, letterId, copy, "mended by hand", operator);
  await comeBack();
  await drainUntilQuiet(backbone, mended);
  await backbone.drain(mended);
  const applied = await effects(backbone);
  expect(applied.map(({ number }) => number)).toEqual([77]);
  expect(applied.map(({ event_id }) => event_id)).not.toContain(eventId);
  expect((await deadLetters(backbone)).map(({ status }) => status)).toEqual(["resolved"]);
});
