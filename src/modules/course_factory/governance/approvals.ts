import type { StatementContext, Tx } from "@brain/engine";
import type { irApprovalConsumed } from "@brain/schemas";
import { and, eq, isNull, lt, sql } from "drizzle-orm";
import { approvals } from "./tables.ts";

/**
 * A consumed approval allows one action within this time. It is also how long a row that nobody used is kept, so that
 * approvals of other plans do not pile up here.
 */
const approvalUseHours = 24;

/** For which plan an approval is taken, and for what. `now` is when its use begins. */
export interface Claim {
  readonly tenantId: string;
  readonly irHash: string;
  /** What is to be done with it. */
  readonly usedFor: string;
  readonly now: Date;
}

/**
 * Notes an approval that was consumed, wherever that happened: a later request for the same plan may use it once. An
 * approval that the factory consumed itself is there already, as used.
 */
export function recordApproval({ event, build, now }: StatementContext<typeof irApprovalConsumed>) {
  const { approval_id, tenant_id, ir_hash, consumed_by, consumed_at } = event.payload;
  const note = build
    .insert(approvals)
    .values({
      approvalId: approval_id,
      tenantId: tenant_id,
      irHash: ir_hash,
      consumedBy: consumed_by,
      consumedAt: consumed_at,
    })
    .onConflictDoNothing({ target: approvals.approvalId });
  const oldest = new Date(now().getTime() - approvalUseHours * 3_600_000).toISOString();
  const forget = build
    .delete(approvals)
    .where(
      and(eq(approvals.tenantId, tenant_id), isNull(approvals.usedAt), lt(approvals.consumedAt, oldest)),
    );
  return [note, forget];
}

/**
 * Takes the oldest unused approval of this plan; null when there is none. Of concurrent requests each gets another one:
 * rows that a request holds are skipped by the rest.
 */
export async function claimApproval(tx: Tx, claim: Claim): Promise<string | null> {
  const now = claim.now.toISOString();
  const { rows } = await tx.execute<{ approval_id: string }>(sql`
    UPDATE course_factory_approvals SET used_at = ${now}::timestamptz, used_for = ${claim.usedFor}
    WHERE approval_id = (
      SELECT approval_id FROM course_factory_approvals
      WHERE tenant_id = ${claim.tenantId} AND ir_hash = ${claim.irHash} AND used_at IS NULL
        AND consumed_at > ${now}::timestamptz - ${approvalUseHours}::integer * interval '1 hour'
      ORDER BY consumed_at LIMIT 1 FOR UPDATE SKIP LOCKED)
      AND used_at IS NULL
    RETURNING approval_id`);
  return rows[0]?.approval_id ?? null;
}

/** Gives back what {@link claimApproval} took, because nothing was done with it. */
export async function releaseApproval(tx: Tx, approvalId: string): Promise<void> {
  await tx.update(approvals).set({ usedAt: null, usedFor: null }).where(eq(approvals.approvalId, approvalId));
}

/**
 * Notes an approval that the gate has just consumed for us as used, in the same transaction: its event, which comes
 * later, must not allow a second action.
 */
export async function markUsed(
  tx: Tx,
  claim: Claim & { readonly approvalId: string; readonly consumedBy: string | null },
): Promise<void> {
  const time = claim.now.toISOString();
  const used = { usedAt: time, usedFor: claim.usedFor };
  await tx
    .insert(approvals)
    .values({
      approvalId: claim.approvalId,
      tenantId: claim.tenantId,
      irHash: claim.irHash,
      consumedBy: claim.consumedBy,
      consumedAt: time,
      ...used,
    })
    .onConflictDoUpdate({ target: approvals.approvalId, set: used });
}
