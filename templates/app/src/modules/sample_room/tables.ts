import { withoutTenants } from "@brain/engine";
import { integer, pgTable, timestamp, uuid, varchar } from "drizzle-orm/pg-core";

/** What the routes take. */
export const sampleRoomPaperSlips = pgTable("sample_room_paper_slips", {
  paperSlipId: uuid("paper_slip_id").primaryKey(),
  quantity: integer("quantity").notNull(),
  addedAt: timestamp("added_at", { withTimezone: true, precision: 3, mode: "date" }).notNull(),
});

/** How many events of each type the consumer has handled. */
export const sampleRoomTotals = pgTable("sample_room_totals", {
  eventType: varchar("event_type", { length: 100 }).primaryKey(),
  handled: integer("handled").notNull(),
});

// With tenants each table would have a column `tenant_id` and say `...tenantRows()`, which Postgres then keeps apart:
// "With several tenants" in OWN-PROGRAM.md of @brain/engine.
withoutTenants(sampleRoomPaperSlips, "this product serves one party");
withoutTenants(sampleRoomTotals, "this product serves one party");
