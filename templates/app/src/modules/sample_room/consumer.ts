import { defineConsumer, on } from "@brain/engine";
import { sql } from "drizzle-orm";
import { sampleRoomPaperSlipNewlyAdded } from "../../events/sample-room.ts";
import { sampleRoomTotals } from "./tables.ts";

/**
 * Counts what it hears of. Adding one is not safe to repeat, and need not be: the engine claims the event in the same
 * transaction, so a second delivery calls no handler.
 */
export const sampleRoomConsumer = defineConsumer({
  subscriber: "sample_room",
  handlers: [
    on(sampleRoomPaperSlipNewlyAdded, async ({ type }, { tx }) => {
      const handled = sql`${sampleRoomTotals.handled} + 1`;
      await tx
        .insert(sampleRoomTotals)
        .values({ eventType: type, handled: 1 })
        .onConflictDoUpdate({ target: sampleRoomTotals.eventType, set: { handled } });
    }),
  ],
});
