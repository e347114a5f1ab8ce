import { tenantRows } from "@brain/engine";
import { integer, pgTable, timestamp, unique, uuid, varchar } from "drizzle-orm/pg-core";

/** What the routes take. */
export const sampleRoomPaperSlips = pgTable(
  "sample_room_paper_slips",
  {
    paperSlipId: uuid("paper_slip_id").primaryKey(),
    /** Null: nobody's, because the credential that wrote it named no tenant. */
    tenantId: varchar("tenant_id", { length: 100 }),
    quantity: integer("quantity").notNull(),
    addedAt: timestamp("added_at", { withTimezone: true, precision: 3, mode: "date" }).notNull(),
  },
  () => [...tenantRows()],
);

/** How many events the consumer has handled. */
export const sampleRoomTotals = pgTable(
  "sample_room_totals",
  {
    /** Null: events of no tenant. */
    tenantId: varchar("tenant_id", { length: 100 }),
    handled: integer("handled").notNull(),
  },
  (table) => [
    ...tenantRows(),
    // Without a tenant there is also one row only.
    unique("sample_room_totals_tenant_key").on(table.tenantId).nullsNotDistinct(),
  ],
);
