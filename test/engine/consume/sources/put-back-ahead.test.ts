import { expect, test } from "vitest";
import { PermanentError, TransientError } from "../../../../src/engine/core/errors.ts";
import { prepareEvent, publishMany } from "../../../../src/engine/publish/publish.ts";
import type { Backbone } from "../../../backbone.ts";
import { meterRead } from "../../events.ts";
import {
  createClock,
  deadLetters,
  drainWith,
  effects,
  openBackbone,
  pendingOf,
  recorder,
  until,
} from "../../fixture.ts";

/* What was taken ahead of a flood (`look-ahead.ts`) is read from the stream later, and may be put back then. */

/** One transaction, and in its order on the stream; each of a meter of its own, `s` of another tenant. */
async function publishFlood(backbone: Backbone, meters: readonly string[]): Promise<void> {
  const { db, publish: settings } = backbone.system.open();
  const prepared = meters.map((meter_id) =>
    prepareEvent(
      settings,
      meterRead,
      { meter_id, reading: 1, faults: 0 },
      { source: "engine_test", tenant_id: meter_id === "s" ? "small" : "flood" },
    ),
  );
  await db.transaction((tx) => publishMany(tx, prepared));
  for (let more = true; more; ) ({ more } = await backbone.relay({ mayGoOn: () => false }));
}

test("what became a dead letter ahead of its place, and is read and put back, is not tried again", async () => {
  const backbone = await openBackbone();
  const clock = createClock();
  await publishFlood(backbone, ["1", "2", "3", "4", "5", "6", "fails", "7", "s", "8", "9", "10"]);
  const failed: string[] = [];
  const consumer = recorder({
    batchSize: 2,
    retry: { baseMs: 60_000, capMs: 60_000 },
    beforeBeat: async ({ payload: { meter_id } }, { attempt }) => {
      if (meter_id === "s") throw new PermanentError("never");
      if (meter_id !== "fails" || attempt > 1) return;
      // The round behind it has been read, and `s` with it.
      await until(
        () => pendingOf(backbone, consumer),
        (pending) => pending.length === 4,
        "4 entries are read",
      );
      throw new TransientError("not yet");
    },
  });
  const onFailure = ({ next: { action } }: { readonly next: { readonly action: string } }) =>
    failed.push(action);
  const drain = () =>
    drainWith(backbone, consumer, () => ({ now: clock.now, onFailure }), {
      deadlineMs: clock.now() + 20_000,
    });
  expect(await drain()).toMatchObject({ applied: 10, retried: 1, deadLettered: 1 });
  clock.advance(120_000);
  expect(await drain()).toMatchObject({ applied: 1, deadLettered: 0, more: false });
  expect(failed).toEqual(["dead-letter", "retry"]);
  expect(await effects(backbone)).toHaveLength(11);
  expect(await deadLetters(backbone)).toMatchObject([{ attempts: 1, status: "open" }]);
  expect(await pendingOf(backbone, consumer)).toEqual([]);
});
