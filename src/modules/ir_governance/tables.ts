import { tenantRows } from "@brain/engine";
import { sql } from "drizzle-orm";
import {
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  uniqueIndex,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import { instant } from "../columns.ts";
import type { IrValidation } from "../ports/ir-gate.ts";
import type { PlanContent, PlanSummary } from "./plan/plan.ts";

/** `expired` is written by whoever notices first that the time is over: a use, or the expiry job. `withdrawn`: a person took it back. */
export const approvalStatuses = ["pending", "consumed", "expired", "withdrawn"] as const;
export type ApprovalStatus = (typeof approvalStatuses)[number];

/** How a hash was made, see `plan/canonical.ts`. */
export type HashScheme = "v1" | "v2";

/** One row is one approval of one plan. Rows are kept for ever: they are the trail of who allowed what. */
export const irGovernanceApprovals = pgTable(
  "ir_governance_approvals",
  {
    approvalId: uuid("approval_id").primaryKey(),
    tenantId: varchar("tenant_id", { length: 100 }).notNull(),
    irHash: varchar("ir_hash", { length: 64 }).notNull(),
    hashScheme: varchar("hash_scheme", { length: 2 }).$type<HashScheme>().notNull(),
    status: varchar("status", { length: 9 }).$type<ApprovalStatus>().notNull().default("pending"),
    /** SHA-256 of the token, hex. The token itself is answered once and stored nowhere. */
    tokenHash: varchar("token_hash", { length: 64 }).notNull(),
    ttlSeconds: integer("ttl_seconds").notNull(),
    createdAt: instant("created_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
    /** Who approved; null when the caller did not say. */
    createdBy: varchar("created_by", { length: 100 }),
    consumedAt: instant("consumed_at"),
    consumedBy: varchar("consumed_by", { length: 100 }),
    acknowledgedAt: instant("acknowledged_at"),
    acknowledgedBy: varchar("acknowledged_by", { length: 100 }),
    withdrawnAt: instant("withdrawn_at"),
    /** Null when the caller did not say. */
    withdrawnBy: varchar("withdrawn_by", { length: 100 }),
    withdrawnReason: varchar("withdrawn_reason", { length: 500 }),
    /** The story that the approval belongs to: that of the validation it answers, if there was one. */
    correlationId: varchar("correlation_id", { length: 255 }).notNull(),
    /** Events that what follows names as its cause. */
    createdEventId: varchar("created_event_id", { length: 36 }).notNull(),
    consumedEventId: varchar("consumed_event_id", { length: 36 }),
  },
  (table) => [
    ...tenantRows(),
    uniqueIndex("ir_governance_approvals_token_key").on(table.tokenHash),
    index("ir_governance_approvals_tenant_idx").on(
      table.tenantId,
      table.createdAt.desc(),
      table.approvalId.desc(),
    ),
    index("ir_governance_approvals_plan_idx").on(table.tenantId, table.irHash),
    index("ir_governance_approvals_status_idx").on(
      table.status,
      table.createdAt.desc().nullsFirst(),
      table.approvalId.desc().nullsFirst(),
    ),
    index("ir_governance_approvals_due_idx").on(table.expiresAt).where(sql`status = 'pending'`),
    check(
      "ir_governance_approvals_status_check",
      sql`status IN ('pending', 'consumed', 'expired', 'withdrawn')`,
    ),
    check(
      "ir_governance_approvals_withdrawn_check",
      sql`(status = 'withdrawn') = (withdrawn_at IS NOT NULL)`,
    ),
    check("ir_governance_approvals_scheme_check", sql`hash_scheme IN ('v1', 'v2')`),
    check(
      "ir_governance_approvals_hashes_check",
      sql`ir_hash ~ '^[0-9a-f]{64}$' AND token_hash ~ '^[0-9a-f]{64}$'`,
    ),
    check("ir_governance_approvals_ttl_check", sql`ttl_seconds BETWEEN 60 AND 86400`),
    check(
      "ir_governance_approvals_consumed_check",
      sql`(status = 'consumed') = (consumed_at IS NOT NULL AND consumed_event_id IS NOT NULL)`,
    ),
  ],
);

/** The latest validation of each plan, so that a person sees what he approves and an approval continues its story. */
export const irGovernanceValidations = pgTable(
  "ir_governance_validations",
  {
    tenantId: varchar("tenant_id", { length: 100 }).notNull(),
    irHash: varchar("ir_hash", { length: 64 }).notNull(),
    /** The same plan in the older scheme; null when the request lacked what that scheme hashes. */
    irHashV1: varchar("ir_hash_v1", { length: 64 }),
    status: varchar("status", { length: 8 }).$type<IrValidation["status"]>().notNull(),
    riskTier: smallint("risk_tier").notNull(),
    violations: jsonb("violations").$type<IrValidation["violations"]>().notNull(),
    /** What a list shows of the plan; null for a rejected one. */
    summary: jsonb("summary").$type<PlanSummary>(),
    /** The plan as it was hashed; null for a rejected one, which nobody can approve. */
    ir: jsonb("ir").$type<PlanContent>(),
    requestId: varchar("request_id", { length: 36 }).notNull(),
    correlationId: varchar("correlation_id", { length: 255 }).notNull(),
    eventId: varchar("event_id", { length: 36 }).notNull(),
    validatedAt: instant("validated_at").notNull(),
    /** What it is compared by, see `kindOf`; null for a rejected one, and for one of an earlier release. */
    kind: varchar("kind", { length: 64 }),
    /** A person said no. The hash can never be approved again; a later validation changes nothing of it. */
    refusedAt: instant("refused_at"),
    /** Null when the caller did not say. */
    refusedBy: varchar("refused_by", { length: 100 }),
    refusedReason: varchar("refused_reason", { length: 500 }),
  },
  (table) => [
    ...tenantRows(),
    primaryKey({ columns: [table.tenantId, table.irHash] }),
    index("ir_governance_validations_v1_idx")
      .on(table.tenantId, table.irHashV1)
      .where(sql`ir_hash_v1 IS NOT NULL`),
    index("ir_governance_validations_hash_idx").on(table.irHash),
    index("ir_governance_validations_status_idx").on(
      table.status,
      table.validatedAt.desc().nullsFirst(),
      table.irHash.desc().nullsFirst(),
    ),
    index("ir_governance_validations_refused_idx")
      .on(table.validatedAt.desc().nullsFirst(), table.irHash.desc().nullsFirst())
      .where(sql`refused_at IS NOT NULL`),
    index("ir_governance_validations_kind_idx").on(
      table.tenantId,
      table.kind,
      table.validatedAt.desc().nullsFirst(),
    ),
    check("ir_governance_validations_status_check", sql`status IN ('PASS', 'ESCALATE', 'REJECT')`),
    check("ir_governance_validations_tier_check", sql`risk_tier BETWEEN 0 AND 3`),
  ],
);
