import { tenantRows } from "@brain/engine";
import { sql } from "drizzle-orm";
import { index, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { instantText } from "../../columns.ts";

/** Consumed approvals that the factory knows of. Each allows one action: `used_at` is set by the one that took it. */
export const approvals = pgTable(
  "course_factory_approvals",
  {
    approvalId: uuid("approval_id").primaryKey(),
    tenantId: text("tenant_id").notNull(),
    irHash: text("ir_hash").notNull(),
    consumedBy: text("consumed_by"),
    consumedAt: instantText("consumed_at").notNull(),
    /** Null while nothing was done with it. */
    usedAt: instantText("used_at"),
    /** What was done: `course:{course_id}`, or the workflow transition's resource. */
    usedFor: text("used_for"),
  },
  (table) => [
    ...tenantRows(),
    index("course_factory_approvals_unused")
      .on(table.tenantId, table.irHash, table.consumedAt)
      .where(sql`${table.usedAt} is null`),
  ],
);
