import { sql } from "drizzle-orm";
import { ConflictError } from "../../core/errors.ts";
import { isOfTenant } from "../../db/tenant-rows.ts";
import type { Invocation } from "../../invocation.ts";
import { type Operator, recordAction } from "../operator-actions.ts";
import { markBulkOperationsRunning } from "./bulk-store.ts";
import { type BulkKind, type BulkStatus, type BulkView, findBulkOperation, isRowId } from "./bulk-view.ts";
import { releaseLetters } from "./redrive-step.ts";

/** What an operator may do to a bulk operation, from which states, and what it becomes. */
const changes = {
  pause: { from: ["running"], to: "paused", done: "paused" },
  resume: { from: ["paused"], to: "running", done: "resumed" },
  cancel: { from: ["running", "paused"], to: "cancelled", done: "cancelled" },
} as const satisfies Record<string, { from: readonly BulkStatus[]; to: BulkStatus; done: string }>;

export type BulkChange = keyof typeof changes;

export interface AskedOperation {
  /** One of another kind is not found. */
  readonly kinds: readonly BulkKind[];
  readonly id: string;
}

/**
 * Pauses, resumes or cancels a bulk operation. Deliveries that are deferred come to their end all the same. Cancelling
 * a redrive opens the letters that it had not deferred; a pause keeps them. A stopped replay can be resumed where it
 * stands; a stopped redrive cannot, because its letters are open again.
 *
 * @throws {NotFoundError} no operation of these kinds has the id
 * @throws {ConflictError} the operation's state does not allow it
 * @throws {TransientError} Postgres or, for a resume, Redis is not reachable
 */
export async function changeBulkOperation(
  invocation: Invocation,
  { kinds, id }: AskedOperation,
  { change, reason }: { readonly change: BulkChange; readonly reason: string | null },
  by: Operator,
): Promise<BulkView> {
  const { db } = invocation;
  const tenantId = by.tenantId ?? null;
  if (!isRowId(id)) return findBulkOperation(db, kinds, id);
  const { from, to, done } = changes[change];
  if (change === "resume") await markBulkOperationsRunning(invocation);
  const changed = await db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ kind: BulkKind; subscriber: string | null }>(sql`
      UPDATE jobs SET status = ${to}, status_reason = NULL, updated_at = now(),
        finished_at = ${change === "cancel" ? sql`now()` : sql`NULL`},
        next_step_at = ${change === "resume" ? sql`now()` : sql`next_step_at`},
        step_succeeded = ${change === "resume" ? sql`succeeded` : sql`step_succeeded`},
        step_failed = ${change === "resume" ? sql`failed` : sql`step_failed`}
      WHERE id = ${id}::bigint AND ${isOfTenant(sql`tenant_id`, tenantId)} AND kind = ANY(${sql.param([...kinds])}::text[])
        AND (status = ANY(${sql.param([...from])}::text[])
          OR (status = 'stopped' AND kind <> 'redrive' AND ${change !== "pause"}::boolean))
      RETURNING kind, subscriber_name AS subscriber`);
    const [operation] = rows;
    if (operation === undefined) return false;
    if (change === "cancel" && operation.kind === "redrive") await releaseLetters(tx, id);
    await recordAction(tx, {
      ...by,
      action: `${operation.kind}.${done}`,
      reason,
      subscriber: operation.subscriber,
      operationId: id,
    });
    return true;
  });
  const operation = await findBulkOperation(db, kinds, id, tenantId);
  if (!changed) {
    throw new ConflictError(
      `The ${operation.kind} ${id} is ${operation.status}, so it cannot be ${done}.${operation.status === "stopped" && operation.kind === "redrive" ? " Its letters are open again: mend the cause and start another redrive." : ""}`,
    );
  }
  if (change === "resume") await markBulkOperationsRunning(invocation);
  return operation;
}
