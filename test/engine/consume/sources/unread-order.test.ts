import { parseMessageId } from "@brain/schemas";
import { expect, test } from "vitest";
import { type Consumer, on } from "../../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../../src/engine/consume/define/define-consumer.ts";
import { takeDeferred } from "../../../../src/engine/consume/sources/deferred-sql.ts";
import { PermanentError } from "../../../../src/engine/core/errors.ts";
import { runBulkOperations } from "../../../../src/engine/operations/bulk/bulk-operations.ts";
import { startRedrive } from "../../../../src/engine/operations/bulk/redrive.ts";
import { startReplay } from "../../../../src/engine/operations/bulk/replay.ts";
import type { ReplayMode } from "../../../../src/engine/operations/bulk/replay-step.ts";
import { prepareEvent, publishMany } from "../../../../src/engine/publish/publish.ts";
import type { Backbone } from "../../../backbone.ts";
import { meterMounted, meterRead, partChecked } from "../../events.ts";
import {
  deadLetters,
  drainUntilQuiet,
  effects,
  numbersOf,
  openBackbone,
  pendingOf,
  recordBeat,
  streamEntries,
} from "../../fixture.ts";
import { operator, redriveOptions, replayOptions } from "../../operations/bulk-fixture.ts";

/*
 * What waits may be newer than what nobody has read yet: a replay defers events of a consumer that is behind, and a group
 * may be set back. Order per key holds all the same.
 */

/** Handles readings, and passes over all else. Reads ten entries at a time. */
function reader({ fails = false, maxAttempts = 5 } = {}): Consumer {
  return defineConsumer({
    subscriber: "recorder",
    batchSize: 10,
    retry: { baseMs: 1, capMs: 1, maxAttempts },
    handlers: [
      on(meterRead, async (event, { tx }) => {
        if (fails) throw new PermanentError("never");
        await recordBeat(tx, "recorder", event);
      }),
    ],
  });
}

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index);

/** Readings of meter `k` from 0 on, with a report behind each; on the stream, unread. */
async function send(backbone: Backbone, count: number): Promise<void> {
  const { db, publish: settings } = backbone.system.open();
  const context = { source: "engine_test" };
  const prepared = numbers(count).flatMap((reading) => [
    prepareEvent(settings, meterRead, { meter_id: "k", reading, faults: 0 }, context),
    prepareEvent(settings, partChecked, { part: "p", status: "x" }, context),
  ]);
  await db.transaction((tx) => publishMany(tx, prepared));
  await backbone.relay();
}

/** Defers what a replay brings, and handles none of it. */
async function deferReplay(
  backbone: Backbone,
  consumer: Consumer,
  mode: ReplayMode = "only_missing",
  types: readonly string[] | null = null,
): Promise<void> {
  const invocation = backbone.open();
  await startReplay(
    invocation,
    consumer,
    replayOptions({ mode, maxStep: 1_000, filter: { types } }),
    operator,
  );
  await runBulkOperations(invocation, backbone.system.now() + 20_000, () => Promise.resolve());
}

test.each(["only_missing", "force"] as const)(
  "a replay (%s) of a consumer that is behind keeps the order",
  async (mode) => {
    const backbone = await openBackbone();
    const consumer = reader();
    await send(backbone, 40);
    await deferReplay(backbone, consumer, mode);
    await drainUntilQuiet(backbone, consumer);
    await backbone.drain(consumer);
    expect(await numbersOf(backbone, "k")).toEqual(numbers(40));
    expect(await backbone.sql("SELECT FROM deliveries")).toEqual([]);
  },
);

test("a replay of what is at hand from the stream costs no attempt", async () => {
  const backbone = await openBackbone();
  const consumer = reader({ maxAttempts: 1 });
  await send(backbone, 15);
  await deferReplay(backbone, consumer);
  await drainUntilQuiet(backbone, consumer);
  await backbone.drain(consumer);
  expect(await deadLetters(backbone)).toEqual([]);
  expect(await numbersOf(backbone, "k")).toEqual(numbers(15));
});

test("a replay of one type waits for what is older in its key, and of another type", async () => {
  const backbone = await openBackbone();
  const calls: string[] = [];
  const consumer = defineConsumer({
    subscriber: "recorder",
    batchSize: 10,
    handlers: [
      on(meterRead, async ({ payload }) => {
        calls.push(`read ${payload.reading}`);
      }),
      on(meterMounted, async ({ payload }) => {
        calls.push(`mounted ${payload.number}`);
      }),
    ],
  });
  const { db, publish: settings } = backbone.system.open();
  const context = { source: "engine_test" };
  const prepared = numbers(30).flatMap((number) => [
    prepareEvent(settings, meterMounted, { meter_id: "k", number }, context),
    prepareEvent(settings, meterRead, { meter_id: "k", reading: number, faults: 0 }, context),
  ]);
  await db.transaction((tx) => publishMany(tx, prepared));
  await backbone.relay();
  await deferReplay(backbone, consumer, "only_missing", [meterRead.type]);
  await drainUntilQuiet(backbone, consumer);
  expect(calls).toEqual(numbers(30).flatMap((number) => [`mounted ${number}`, `read ${number}`]));
});

test("what a replay deferred is given as far as the group has read, and waits where nobody knows how far that is", async () => {
  const backbone = await openBackbone();
  const consumer = reader();
  await send(backbone, 40);
  await deferReplay(backbone, consumer);
  const entries = await streamEntries(backbone);
  const [fifth] = entries.filter(({ fields }) => fields.type === meterRead.type).slice(4);
  const take = async (readTo: string | null, seenTo: string | null) => {
    const taken = await takeDeferred(
      backbone.open().db,
      {
        subscriber: "recorder",
        shard: 0,
        nowMs: backbone.system.now(),
        limit: 100,
        pausedTypes: [],
        handledTypes: null,
        blockedKeys: [],
        keys: [],
        holdKeys: false,
        readTo: readTo === null ? null : parseMessageId(readTo),
        seenTo: seenTo === null ? null : parseMessageId(seenTo),
        stood: [],
        perhapsTaken: [],
      },
      [],
    );
    return { given: taken.rows.length, waiting: taken.unread.length };
  };
  expect(await take(null, null)).toEqual({ given: 0, waiting: 40 });
  expect(await take(fifth?.id ?? "", null)).toEqual({ given: 5, waiting: 0 });
  // Those five have begun.
  expect(await take(null, entries.at(-1)?.id ?? "")).toEqual({ given: 40, waiting: 0 });
});

test("what a replay brings goes on when it is no longer on the stream, and nothing else comes", async () => {
  const backbone = await openBackbone();
  const consumer = reader();
  await send(backbone, 40);
  await deferReplay(backbone, consumer);
  await backbone.redis("XTRIM", backbone.stream, "MAXLEN", "0");
  await drainUntilQuiet(backbone, consumer);
  expect(await numbersOf(backbone, "k")).toEqual(numbers(40));
});

/** A reader that died a while ago with what it had read. */
async function readAndDie(backbone: Backbone, consumer: Consumer, count: number): Promise<void> {
  const { stream } = backbone;
  await backbone.redis(
    ...["XREADGROUP", "GROUP", consumer.group, "dead", "COUNT", String(count), "STREAMS", stream, ">"],
  );
  const ids = (await pendingOf(backbone, consumer)).map(({ id }) => id);
  const aWhileAgo = ["IDLE", "60000", "RETRYCOUNT", "1", "JUSTID"];
  await backbone.redis("XCLAIM", stream, consumer.group, "dead", "0", ...ids, ...aWhileAgo);
}

const setBack = (backbone: Backbone, consumer: Consumer) =>
  backbone.redis("XGROUP", "SETID", backbone.stream, consumer.group, "0");

test("a group that is set back while entries are pending keeps the order", async () => {
  const backbone = await openBackbone();
  const consumer = reader();
  await backbone.drain(consumer);
  await send(backbone, 40);
  await readAndDie(backbone, consumer, 50);
  await setBack(backbone, consumer);
  await drainUntilQuiet(backbone, consumer);
  expect(await numbersOf(backbone, "k")).toEqual(numbers(40));
});

test("what is pending waits for older ones that are read anew", async () => {
  const backbone = await openBackbone();
  const consumer = reader();
  await backbone.drain(consumer);
  await send(backbone, 40);
  // Acked by a stranger, so nobody has handled them; those behind are pending.
  await readAndDie(backbone, consumer, 40);
  const ids = (await pendingOf(backbone, consumer)).map(({ id }) => id);
  await backbone.redis("XACK", backbone.stream, consumer.group, ...ids);
  await readAndDie(backbone, consumer, 40);
  await setBack(backbone, consumer);
  await drainUntilQuiet(backbone, consumer);
  expect(await numbersOf(backbone, "k")).toEqual(numbers(40));
});

test("what was deferred waits for older ones that are read anew", async () => {
  const backbone = await openBackbone();
  await backbone.drain(reader());
  await send(backbone, 40);
  await readAndDie(backbone, reader(), 40);
  const ids = (await pendingOf(backbone, reader())).map(({ id }) => id);
  await backbone.redis("XACK", backbone.stream, reader().group, ...ids);
  await drainUntilQuiet(backbone, reader({ fails: true }));
  expect(await deadLetters(backbone)).toHaveLength(20);
  await setBack(backbone, reader());
  await startRedrive(backbone.open(), redriveOptions({ ramp: false }), operator);
  await runBulkOperations(backbone.open(), backbone.system.now() + 20_000, () => Promise.resolve());
  await drainUntilQuiet(backbone, reader());
  await backbone.drain(reader());
  expect(await numbersOf(backbone, "k")).toEqual(numbers(40));
  expect(await effects(backbone)).toHaveLength(40);
});
