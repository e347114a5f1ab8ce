import { withoutTenants } from "@brain/engine";
import { integer, pgTable, varchar } from "drizzle-orm/pg-core";

/** How many events of each type the consumer has handled. */
export const sampleRoomTotals = pgTable("sample_room_totals", {
  eventType: varchar("event_type", { length: 100 }).primaryKey(),
  handled: integer("handled").notNull(),
});

withoutTenants(sampleRoomTotals, "this product serves one party");
