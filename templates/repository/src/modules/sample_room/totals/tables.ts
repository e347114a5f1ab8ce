import { tenantRows } from "@brain/engine";
import { integer, pgTable, unique, varchar } from "drizzle-orm/pg-core";

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
