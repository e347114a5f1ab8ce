import { afterEach, describe, expect, test } from "vitest";
import { onBatch } from "../../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../../src/engine/consume/define/define-consumer.ts";
import { type Backbone, createBackbone } from "../../../backbone.ts";
import { labCatalog, sampleTaken } from "../../events.ts";

let backbone: Backbone;
afterEach(() => backbone.cleanup());

/** Sizes of the batches that a handler gets whose every call takes `callMs` on the clock. */
async function batchSizes(events: number, callMs: number): Promise<number[]> {
  const sizes: number[] = [];
  let clockMs = 0;
  const consumer = defineConsumer({
    subscriber: "sizes",
    handlers: [
      onBatch(sampleTaken, async (deliveries) => {
        sizes.push(deliveries.length);
        clockMs += callMs;
      }),
    ],
  });
  // A clock that stands still but for the handler: how busy the machine is does not matter.
  const startMs = Date.now();
  backbone = await createBackbone({
    catalog: labCatalog,
    consumers: [consumer],
    now: () => startMs + clockMs,
  });
  await backbone.publish({ source: "test" }, async (publish) => {
    for (let n = 0; n < events; n += 1) await publish(sampleTaken, { sample_id: crypto.randomUUID() });
  });
  await backbone.relay();
  await backbone.drain(consumer);
  return sizes;
}

describe("how much a round reads", () => {
  test("grows while rounds are short, up to the consumer's batch size", async () => {
    expect(await batchSizes(1_300, 0)).toEqual([100, 200, 400, 500, 100]);
  });

  test("shrinks while rounds are long, so that a killed isolate leaves little behind", async () => {
    expect(await batchSizes(200, 1_500)).toEqual([100, 50, 25, 12, 10, 3]);
  });

  test("stays when a round takes about as long as it should", async () => {
    expect(await batchSizes(250, 500)).toEqual([100, 100, 50]);
  });
});
