import { type Database, type Tx, translated } from "@brain/engine";
import { and, desc, eq, or, type SQL, sql } from "drizzle-orm";
import { andTenant, ofTenant } from "../of-tenant.ts";
import type { IrValidation } from "../ports/ir-gate.ts";
import type { TimePlace } from "../time-cursor.ts";
import type { PlanContent, PlanSummary } from "./plan/plan.ts";
import { type Approval, approvalColumns, databaseTime, isUsable, type StoredValidation } from "./store.ts";
import { irGovernanceApprovals as approvals, irGovernanceValidations as validations } from "./tables.ts";

/** The statements about plans that a person decides on, one a function. */

/** Plans that one list looks at for those that wait; the next page goes on behind them. */
const lookedAt = 1_000;

export interface PlanPage {
  /** Undefined: of all. */
  readonly tenantId: string | undefined;
  /** `waiting`: escalated, not refused, and without an approval that was used or can be. */
  readonly state: "waiting" | "refused";
  readonly limit: number;
  /** Last entry of the page before; null for the first page. */
  readonly after: TimePlace | null;
}

/** A plan as lists show it. */
export interface PlanRow {
  readonly tenant_id: string;
  readonly ir_hash: string;
  readonly status: IrValidation["status"];
  readonly risk_tier: number;
  readonly violations: IrValidation["violations"];
  readonly summary: PlanSummary | null;
  readonly correlation_id: string;
  readonly validated_ms: number;
  readonly refused_ms: number | null;
  readonly refused_by: string | null;
  readonly refused_reason: string | null;
}

const msOf = (column: SQL) => sql`(extract(epoch FROM ${column}) * 1000)::bigint`;

/**
 * Plans of one state, newest first, in one statement. Those that wait are looked for among the next {@link lookedAt}
 * escalated ones, because what was approved stays in the table for ever.
 *
 * @returns `next` null: there are no more
 */
export async function listPlans(
  db: Database,
  { tenantId, state, limit, after }: PlanPage,
): Promise<{ readonly plans: readonly PlanRow[]; readonly next: TimePlace | null }> {
  const ofState =
    state === "waiting" ? sql`v.status = 'ESCALATE' AND v.refused_at IS NULL` : sql`v.refused_at IS NOT NULL`;
  const behind =
    after === null
      ? sql``
      : sql`AND (v.validated_at, v.ir_hash) < (${new Date(after.ms).toISOString()}::timestamptz, ${after.id})`;
  const undecided =
    state === "waiting"
      ? sql`NOT EXISTS (
          SELECT 1 FROM ir_governance_approvals a
          WHERE a.tenant_id = v.tenant_id AND a.ir_hash IN (v.ir_hash, v.ir_hash_v1)
            AND a.ir_hash = CASE a.hash_scheme WHEN 'v1' THEN v.ir_hash_v1 ELSE v.ir_hash END
            AND (a.status = 'consumed' OR (a.status = 'pending' AND a.expires_at >= statement_timestamp())))`
      : sql`true`;
  const [row] = await db.rows<{ plans: PlanRow[] | null; looked: number; last: TimePlace | null }>(sql`
    WITH looked AS MATERIALIZED (
      SELECT v.tenant_id, v.ir_hash, v.ir_hash_v1, v.validated_at FROM ir_governance_validations v
      WHERE ${ofState} ${andTenant(sql`v.tenant_id`, tenantId ?? null)} ${behind}
      ORDER BY v.validated_at DESC, v.ir_hash DESC LIMIT ${lookedAt}
    ), found AS (
      SELECT v.tenant_id, v.ir_hash, v.validated_at FROM looked v WHERE ${undecided}
      ORDER BY v.validated_at DESC, v.ir_hash DESC LIMIT ${limit}
    )
    SELECT
      (SELECT json_agg(json_build_object('tenant_id', v.tenant_id, 'ir_hash', v.ir_hash, 'status', v.status,
          'risk_tier', v.risk_tier, 'violations', v.violations, 'summary', v.summary,
          'correlation_id', v.correlation_id, 'validated_ms', ${msOf(sql`v.validated_at`)},
          'refused_ms', ${msOf(sql`v.refused_at`)}, 'refused_by', v.refused_by, 'refused_reason', v.refused_reason)
          ORDER BY v.validated_at DESC, v.ir_hash DESC)
        FROM found JOIN ir_governance_validations v USING (tenant_id, ir_hash)) AS plans,
      (SELECT count(*) FROM looked)::integer AS looked,
      (SELECT json_build_object('ms', ${msOf(sql`validated_at`)}, 'id', ir_hash)
        FROM looked ORDER BY validated_at, ir_hash LIMIT 1) AS last`);
  const plans = row?.plans ?? [];
  const lastShown = plans.length === limit ? plans.at(-1) : undefined;
  if (lastShown !== undefined) {
    return { plans, next: { ms: lastShown.validated_ms, id: lastShown.ir_hash } };
  }
  return { plans, next: row?.looked === lookedAt ? (row.last ?? null) : null };
}

/** A hash is of one tenant, because the tenant is hashed. @param tenantId undefined: of any */
const isPlan = (irHash: string, tenantId: string | undefined) =>
  and(eq(validations.irHash, irHash), ofTenant(validations.tenantId, tenantId ?? null));

/** One plan by its hash; null when there is none. */
export async function findPlan(
  db: Database,
  irHash: string,
  tenantId: string | undefined,
): Promise<StoredValidation | null> {
  const [row] = await translated(db.statements.select().from(validations).where(isPlan(irHash, tenantId)));
  return row ?? null;
}

const maxApprovals = 20;

const ofPlan = ({ tenantId, irHash, irHashV1 }: Pick<StoredValidation, "tenantId" | "irHash" | "irHashV1">) =>
  and(
    eq(approvals.tenantId, tenantId),
    or(
      and(eq(approvals.hashScheme, "v2"), eq(approvals.irHash, irHash)),
      irHashV1 === null ? undefined : and(eq(approvals.hashScheme, "v1"), eq(approvals.irHash, irHashV1)),
    ),
  );

/** The newest approvals of a plan. */
export async function listApprovalsOf(db: Database, plan: StoredValidation): Promise<Approval[]> {
  return translated(
    db.statements
      .select(approvalColumns)
      .from(approvals)
      .where(ofPlan(plan))
      .orderBy(desc(approvals.createdAt))
      .limit(maxApprovals),
  );
}

/** A plan that was approved before, with who did. */
export interface ApprovedPlan {
  readonly ir_hash: string;
  readonly approval_id: string;
  readonly approved_by: string | null;
  readonly approved_ms: number;
  readonly ir: PlanContent;
}

/** Plans of one kind that are looked at. */
const comparedWith = 200;

/**
 * Another plan of the same tenant and kind, of those that were validated last, that was approved last: one about the same
 * resource before any other, also one that came behind this one. Null: there is none.
 */
export async function findLastApproved(
  db: Database,
  { tenantId, irHash, kind, ir }: StoredValidation,
): Promise<ApprovedPlan | null> {
  if (kind === null || ir === null) return null;
  const [row] = await db.rows<ApprovedPlan>(sql`
    WITH same_kind AS MATERIALIZED (
      SELECT tenant_id, ir_hash, ir_hash_v1 FROM ir_governance_validations
      WHERE tenant_id = ${tenantId} AND kind = ${kind} AND ir_hash <> ${irHash} AND ir IS NOT NULL
      ORDER BY validated_at DESC LIMIT ${comparedWith}
    )
    SELECT v.ir_hash, a.approval_id, a.created_by AS approved_by,
      ${msOf(sql`a.created_at`)}::text AS approved_ms, v.ir
    FROM same_kind
    JOIN ir_governance_validations v USING (tenant_id, ir_hash)
    JOIN ir_governance_approvals a ON a.tenant_id = v.tenant_id AND a.status <> 'withdrawn'
      AND a.ir_hash = CASE a.hash_scheme WHEN 'v1' THEN v.ir_hash_v1 ELSE v.ir_hash END
      AND a.ir_hash IN (v.ir_hash, v.ir_hash_v1)
    ORDER BY (v.ir #>> '{steps,0,resource}' = ${ir.steps[0]?.resource ?? null}) DESC, a.created_at DESC
    LIMIT 1`);
  return row === undefined ? null : { ...row, approved_ms: Number(row.approved_ms) };
}

// Statements inside a transaction.

export interface Ending {
  readonly by: string | null;
  readonly reason: string;
}

/** Notes that a person refused a plan. @returns null when somebody did before, or there is no such plan that waits */
export async function refusePlan(
  tx: Tx,
  irHash: string,
  tenantId: string | undefined,
  { by, reason }: Ending,
): Promise<StoredValidation | null> {
  const [row] = await tx
    .update(validations)
    .set({ refusedAt: databaseTime, refusedBy: by, refusedReason: reason })
    .where(
      and(
        isPlan(irHash, tenantId),
        eq(validations.status, "ESCALATE"),
        sql`${validations.refusedAt} IS NULL`,
      ),
    )
    .returning();
  return row ?? null;
}

/** Takes back what was given for a plan and not used. */
export async function withdrawOf(tx: Tx, plan: StoredValidation, ending: Ending): Promise<number> {
  const rows = await tx
    .update(approvals)
    .set(withdrawn(ending))
    .where(and(ofPlan(plan), isUsable))
    .returning({ id: approvals.approvalId });
  return rows.length;
}

/** Takes back one approval. @param tenantId undefined: of any @returns null when it cannot be used any more, or is not there */
export async function withdrawApproval(
  tx: Tx,
  id: string,
  tenantId: string | undefined,
  ending: Ending,
): Promise<Approval | null> {
  const [row] = await tx
    .update(approvals)
    .set(withdrawn(ending))
    .where(and(eq(approvals.approvalId, id), ofTenant(approvals.tenantId, tenantId ?? null), isUsable))
    .returning(approvalColumns);
  return row ?? null;
}

const withdrawn = ({ by, reason }: Ending) => ({
  status: "withdrawn" as const,
  withdrawnAt: databaseTime,
  withdrawnBy: by,
  withdrawnReason: reason,
});
