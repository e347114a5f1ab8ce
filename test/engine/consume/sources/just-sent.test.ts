import { expect, test } from "vitest";
import { on } from "../../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../../src/engine/consume/define/define-consumer.ts";
import { signalDeferred } from "../../../../src/engine/consume/lease/deferred-signal.ts";
import type { StreamInvocation } from "../../../../src/engine/invocation.ts";
import { runBulkOperations } from "../../../../src/engine/operations/bulk/bulk-operations.ts";
import { startReplay } from "../../../../src/engine/operations/bulk/replay.ts";
import { prepareEvent, publishMany } from "../../../../src/engine/publish/publish.ts";
import type { Backbone } from "../../../backbone.ts";
import { meterMounted, meterRead } from "../../events.ts";
import { drainUntilQuiet, drainWith, numbersOf, openBackbone, recordBeat } from "../../fixture.ts";
import { operator, replayOptions } from "../../operations/bulk-fixture.ts";
import { disturb } from "../lease/interference.ts";

/*
 * A replay may defer an event that the relay has only just sent, so that it waits in the table before the group has read
 * its entry. A drain that stands still at each of its calls, while both happen, neither loses nor repeats one, and none
 * passes an older one of its key.
 */

const subscriber = "recorder";

const consumer = defineConsumer({
  subscriber,
  handlers: [
    on(meterMounted, async ({ id, payload }, { tx }) => {
      const { meter_id } = payload;
      await recordBeat(tx, subscriber, { id, payload: { meter_id, reading: payload.number } } as never);
    }),
    on(meterRead, async (event, { tx }) => recordBeat(tx, subscriber, event)),
  ],
});

/** Meter `k` is mounted and then read; in the record, and not sent. */
async function publishBoth(backbone: Backbone): Promise<void> {
  const { db, publish: settings } = backbone.system.open();
  const context = { source: "engine_test" };
  const prepared = [
    prepareEvent(settings, meterMounted, { meter_id: "k", number: 1 }, context),
    prepareEvent(settings, meterRead, { meter_id: "k", reading: 2, faults: 0 }, context),
  ];
  await db.transaction((tx) => publishMany(tx, prepared));
}

/** A consumer that has read all there is, and a replay of readings that has not begun; it has told that it will defer. */
async function prepared(): Promise<Backbone> {
  const backbone = await openBackbone({ consumers: [consumer] });
  await backbone.drain(consumer);
  await publishBoth(backbone);
  const options = replayOptions({ filter: { types: [meterRead.type] } });
  await startReplay(backbone.open(), consumer, options, operator);
  await signalDeferred(backbone.open(), [consumer.group], 1);
  return backbone;
}

async function deferWith(backbone: Backbone, change: Partial<StreamInvocation> = {}): Promise<void> {
  const invocation = { ...backbone.open(), ...change };
  await runBulkOperations(invocation, backbone.system.now() + 20_000, () => Promise.resolve());
}

async function endAndExpectBoth(backbone: Backbone): Promise<void> {
  await drainUntilQuiet(backbone, consumer);
  await backbone.drain(consumer);
  expect(await numbersOf(backbone, "k")).toEqual([1, 2]);
  expect(await backbone.sql("SELECT FROM deliveries")).toEqual([]);
  expect(await backbone.sql("SELECT succeeded + skipped AS ended, failed FROM jobs")).toEqual([
    { ended: 1, failed: 0 },
  ]);
}

test.each([1, 2, 3, 4, 5])(
  "what was sent and deferred while a drain stood still behind its call %i is applied once, in order",
  async (at) => {
    const backbone = await prepared();
    const standing = disturb(backbone.open(), { at, phase: "after", effect: "pause" });
    const drain = drainWith(backbone, consumer, () => standing);
    await Promise.race([standing.paused, drain]);
    await backbone.relay();
    await deferWith(backbone);
    standing.goOn();
    await drain;
    await endAndExpectBoth(backbone);
  },
);

test.each([1, 2, 3, 4, 5])(
  "what was sent and drained while a replay stood still behind its call %i is applied once, in order",
  async (at) => {
    const backbone = await prepared();
    await backbone.relay();
    const standing = disturb(backbone.open(), { at, phase: "after", effect: "pause" });
    const step = deferWith(backbone, standing);
    await Promise.race([standing.paused, step]);
    await backbone.drain(consumer);
    standing.goOn();
    await step;
    await endAndExpectBoth(backbone);
  },
);
