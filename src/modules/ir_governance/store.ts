import { type Database, isoText, type Tx, translated } from "@brain/engine";
import { and, desc, eq, getTableColumns, isNull, or, type SQL, sql } from "drizzle-orm";
import { andTenant, ofTenant } from "../of-tenant.ts";
import type { TimePlace } from "../time-cursor.ts";
import {
  type ApprovalStatus,
  irGovernanceApprovals as approvals,
  type HashScheme,
  irGovernanceValidations as validations,
} from "./tables.ts";

/** The statements of this module, one a function. */

/** The time by the clock of Postgres: that of a worker may be wrong, and an approval must not outlive its time for that. */
export const databaseTime = sql`date_trunc('milliseconds', statement_timestamp())`;

/** What every statement tells of an approval. */
export const approvalColumns = {
  ...getTableColumns(approvals),
  readAt: databaseTime.mapWith(approvals.createdAt),
};

/** A stored approval; `readAt`: when that was so, by the clock of Postgres. */
export type Approval = typeof approvals.$inferSelect & { readonly readAt: Date };

/** Neither used nor over. What is over is left to whoever writes down that it is. */
export const isUsable = sql`${approvals.status} = 'pending' AND ${approvals.expiresAt} >= ${databaseTime}`;
const isOverdue = sql`${approvals.status} = 'pending' AND ${approvals.expiresAt} < ${databaseTime}`;
/** The latest validation of a plan. */
export type StoredValidation = typeof validations.$inferSelect;

/** The validation of the plan that an approval is for, by the hash of the approval's scheme. */
const validationOfApproval = and(
  eq(validations.tenantId, approvals.tenantId),
  or(
    and(eq(approvals.hashScheme, "v2"), eq(validations.irHash, approvals.irHash)),
    and(eq(approvals.hashScheme, "v1"), eq(validations.irHashV1, approvals.irHash)),
  ),
);

/** What a list shows of a plan. */
const planSummary = {
  irHash: validations.irHash,
  status: validations.status,
  riskTier: validations.riskTier,
  violations: validations.violations,
  summary: validations.summary,
  requestId: validations.requestId,
  validatedAt: validations.validatedAt,
};

// Reads outside a transaction, one round trip each.

export interface ApprovalWithPlan {
  readonly approval: Approval;
  /** Null when nothing validated the plan here. */
  readonly plan: Pick<StoredValidation, keyof typeof planSummary> | null;
}

export interface ApprovalPage {
  readonly tenantId: string | undefined;
  /** What is over counts as expired, whether it was noticed or not. */
  readonly status: ApprovalStatus;
  readonly limit: number;
  /** Last entry of the page before; null for the first page. */
  readonly after: TimePlace | null;
}

function hasStatus(status: ApprovalStatus): SQL {
  switch (status) {
    case "pending":
      return isUsable;
    case "expired":
      // The first condition is for the index.
      return sql`${approvals.status} IN ('pending', 'expired') AND (${approvals.status} = 'expired' OR ${isOverdue})`;
    default:
      return eq(approvals.status, status);
  }
}

/** Approvals of one status, newest first. */
export async function listApprovals(db: Database, page: ApprovalPage): Promise<ApprovalWithPlan[]> {
  const conditions: SQL[] = [hasStatus(page.status)];
  if (page.tenantId !== undefined) conditions.push(eq(approvals.tenantId, page.tenantId));
  if (page.after !== null) {
    const { ms, id } = page.after;
    conditions.push(
      sql`(${approvals.createdAt}, ${approvals.approvalId}) < (${new Date(ms).toISOString()}::timestamptz, ${id}::uuid)`,
    );
  }
  const rows = await translated(
    db.statements
      .select({ approval: approvalColumns, plan: planSummary })
      .from(approvals)
      .leftJoin(validations, validationOfApproval)
      .where(and(...conditions))
      .orderBy(desc(approvals.createdAt), desc(approvals.approvalId))
      .limit(page.limit),
  );
  return rows;
}

export interface StatusCounts {
  readonly pending: number;
  readonly consumed: number;
  readonly expired: number;
  readonly withdrawn: number;
  /** Over, and not yet written down as expired. */
  readonly overdue: number;
  /** The earliest end of one that is pending; null when none is. */
  readonly next_expiry: string | null;
}

/** What is over counts as expired, whether it was noticed or not. */
export async function countByStatus(db: Database, tenantId: string | undefined): Promise<StatusCounts> {
  const time = databaseTime;
  const [row] = await db.rows<StatusCounts>(sql`
    SELECT count(*) FILTER (WHERE status = 'pending' AND expires_at >= ${time})::integer AS pending,
      count(*) FILTER (WHERE status = 'consumed')::integer AS consumed,
      count(*) FILTER (WHERE status = 'expired' OR (status = 'pending' AND expires_at < ${time}))::integer AS expired,
      count(*) FILTER (WHERE status = 'pending' AND expires_at < ${time})::integer AS overdue,
      count(*) FILTER (WHERE status = 'withdrawn')::integer AS withdrawn,
      ${isoText(sql`min(expires_at) FILTER (WHERE status = 'pending')`)} AS next_expiry
    FROM ir_governance_approvals WHERE true ${andTenant(sql`tenant_id`, tenantId ?? null)}`);
  return row ?? { pending: 0, consumed: 0, expired: 0, withdrawn: 0, overdue: 0, next_expiry: null };
}

/** The earliest end of an approval that is pending, and how long it is until then, ms; null when none is. */
export async function findNextExpiry(
  db: Database,
): Promise<{ readonly at: Date; readonly inMs: number } | null> {
  const [row] = await db.rows<{ at: string | null; in_ms: number }>(sql`
    SELECT ${isoText(sql`min(expires_at)`)} AS at,
      (extract(epoch FROM min(expires_at) - ${databaseTime}) * 1000)::float8 AS in_ms
    FROM ir_governance_approvals WHERE status = 'pending'`);
  return row?.at ? { at: new Date(row.at), inMs: row.in_ms } : null;
}

/** One approval with the validation of its plan; null when there is none. @param tenantId undefined: of any tenant */
export async function findApproval(
  db: Database,
  id: string,
  tenantId: string | undefined,
): Promise<{ readonly approval: Approval; readonly validation: StoredValidation | null } | null> {
  const [row] = await translated(
    db.statements
      .select({ approval: approvalColumns, validation: validations })
      .from(approvals)
      .leftJoin(validations, validationOfApproval)
      .where(ofId(id, tenantId)),
  );
  return row ?? null;
}

function ofId(id: string, tenantId: string | undefined) {
  return and(eq(approvals.approvalId, id), ofTenant(approvals.tenantId, tenantId ?? null));
}

// Statements inside a transaction.

/** @param tenantId null: of any */
export async function findByToken(
  tx: Tx,
  tokenHash: string,
  tenantId: string | null,
): Promise<Approval | null> {
  const [row] = await tx
    .select(approvalColumns)
    .from(approvals)
    .where(and(eq(approvals.tokenHash, tokenHash), ofTenant(approvals.tenantId, tenantId)));
  return row ?? null;
}

export async function findById(tx: Tx, id: string): Promise<Approval | null> {
  const [row] = await tx.select(approvalColumns).from(approvals).where(eq(approvals.approvalId, id));
  return row ?? null;
}

/** Its time begins now, by the clock of Postgres. */
export async function insertApproval(
  tx: Tx,
  row: Omit<typeof approvals.$inferInsert, "createdAt" | "expiresAt">,
): Promise<Approval> {
  const expiresAt = sql`${databaseTime} + ${row.ttlSeconds}::integer * interval '1 second'`;
  const [inserted] = await tx
    .insert(approvals)
    .values({ ...row, createdAt: databaseTime, expiresAt })
    .returning(approvalColumns);
  if (inserted === undefined) throw new Error("Postgres inserted a row and returned none.");
  return inserted;
}

/**
 * Uses an approval up, if it is still to be had: of any number of transactions at once, one gets the row. Everything
 * that was checked before is checked again here, because it may have changed since it was read.
 *
 * @returns null when another was faster, or its time is over
 */
export async function consumeApproval(
  tx: Tx,
  use: {
    readonly approval: Approval;
    readonly consumedBy: string | null;
    readonly eventId: string;
  },
): Promise<Approval | null> {
  const { approval } = use;
  const [row] = await tx
    .update(approvals)
    .set({
      status: "consumed",
      consumedAt: databaseTime,
      consumedBy: use.consumedBy,
      consumedEventId: use.eventId,
    })
    .where(
      and(
        eq(approvals.approvalId, approval.approvalId),
        eq(approvals.tokenHash, approval.tokenHash),
        eq(approvals.tenantId, approval.tenantId),
        eq(approvals.irHash, approval.irHash),
        isUsable,
      ),
    )
    .returning(approvalColumns);
  return row ?? null;
}

/** Writes down that the time of one approval is over. @returns false when somebody did before, or it was used */
export async function expireApproval(tx: Tx, id: string): Promise<boolean> {
  const rows = await tx
    .update(approvals)
    .set({ status: "expired" })
    .where(and(eq(approvals.approvalId, id), isOverdue))
    .returning({ id: approvals.approvalId });
  return rows.length > 0;
}

/** The same for those that are due, oldest first; those that another transaction works on are left to it. */
export async function expireDue(tx: Tx, limit: number): Promise<Approval[]> {
  const due = tx
    .select({ id: approvals.approvalId })
    .from(approvals)
    .where(isOverdue)
    .orderBy(approvals.expiresAt)
    .limit(limit)
    .for("update", { skipLocked: true });
  return tx
    .update(approvals)
    .set({ status: "expired" })
    .where(sql`${approvals.approvalId} IN ${due}`)
    .returning(approvalColumns);
}

/** Notes who has taken note first. @returns null when somebody did before, or there is no such approval */
export async function acknowledgeApproval(
  tx: Tx,
  acknowledgement: {
    readonly id: string;
    readonly tenantId: string | undefined;
    readonly by: string;
  },
): Promise<Approval | null> {
  const [row] = await tx
    .update(approvals)
    .set({ acknowledgedAt: databaseTime, acknowledgedBy: acknowledgement.by })
    .where(and(ofId(acknowledgement.id, acknowledgement.tenantId), isNull(approvals.acknowledgedAt)))
    .returning(approvalColumns);
  return row ?? null;
}

/** The latest of validations of one plan replaces the earlier. */
export async function saveValidation(tx: Tx, row: typeof validations.$inferInsert): Promise<void> {
  const { tenantId: _tenant, irHash: _hash, ...columns } = row;
  await tx
    .insert(validations)
    .values(row)
    .onConflictDoUpdate({
      target: [validations.tenantId, validations.irHash],
      // A request without its own id or time has no hash of the first scheme; the one known stays.
      set: { ...columns, irHashV1: sql`COALESCE(excluded.ir_hash_v1, ${validations.irHashV1})` },
    });
}

/**
 * The latest validation of a plan; of several requests with one hash of the first scheme the newest. It is locked against
 * a refusal, so that of an approval and a refusal at once either is after the other.
 */
export async function findValidation(
  tx: Tx,
  tenantId: string,
  scheme: HashScheme,
  irHash: string,
): Promise<Pick<StoredValidation, "status" | "correlationId" | "eventId" | "refusedAt"> | null> {
  const [row] = await tx
    .select({
      status: validations.status,
      refusedAt: validations.refusedAt,
      correlationId: validations.correlationId,
      eventId: validations.eventId,
    })
    .from(validations)
    .where(
      and(
        eq(validations.tenantId, tenantId),
        eq(scheme === "v1" ? validations.irHashV1 : validations.irHash, irHash),
      ),
    )
    .orderBy(desc(validations.validatedAt))
    .limit(1)
    .for("share");
  return row ?? null;
}
