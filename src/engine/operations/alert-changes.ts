import { sql } from "drizzle-orm";
import { type AlertAction, type AlertDetails, oneAlert } from "../alerts/alert-views.ts";
import { ConflictError, NotFoundError } from "../core/errors.ts";
import type { Database } from "../db/database.ts";
import { isOfTenant } from "../db/tenant-rows.ts";
import { type Operator, recordAction } from "./operator-actions.ts";

/*
 * What people do about an alert. Each change is in its history and in the audit of operators, in one transaction.
 *
 *   open, reopened ──acknowledged──▶ acknowledged
 *         └───────closed───────┐         │ closed
 *                              ▼         ▼
 *   seen again: `reopened` ◀── closed, as when it ends by itself
 */

/**
 * Acknowledges or closes an alert. To close one does not mend what it tells of: it comes back when that is seen again.
 *
 * @param note why, or what is done; null: nothing is said
 * @throws {NotFoundError} there is none, or it is another tenant's
 * @throws {ConflictError} it has ended, or somebody has acknowledged it already
 */
export async function changeAlert(
  db: Database,
  id: string,
  action: AlertAction["action"],
  note: string | null,
  by: Operator,
): Promise<AlertDetails> {
  const tenantId = by.tenantId ?? null;
  return db.transaction(async (tx) => {
    const changed = action === "closed" ? sql`resolved_at = now()` : sql`state = 'acknowledged'`;
    const { rows: done } = await tx.execute<{ kind: string; subject: string }>(sql`
      WITH changed AS (
        UPDATE alerts a SET ${changed}
        WHERE a.id = ${id}::bigint AND a.resolved_at IS NULL AND ${isOfTenant(sql`a.tenant_id`, tenantId)}
          AND ${action === "closed" ? sql`true` : sql`a.state <> 'acknowledged'`}
        RETURNING a.id, a.kind, a.subject
      ), noted AS (
        INSERT INTO alert_actions (alert_id, action, actor_id, note)
        SELECT changed.id, ${action}, ${by.actorId}, ${note} FROM changed
      )
      SELECT kind, subject FROM changed`);
    const { rows } = await tx.execute<AlertDetails & Record<string, unknown>>(oneAlert(id, tenantId));
    const [alert] = rows;
    const [about] = done;
    if (alert === undefined) throw new NotFoundError(`There is no alert with the id "${id}".`);
    if (about === undefined) throw refusal(alert);
    const filter = { alert: id, ...about };
    await recordAction(tx, { action: `alert.${action}`, ...by, reason: note, filter });
    return alert;
  });
}

function refusal({ id, state, resolved_at: endedAt }: AlertDetails): ConflictError {
  return new ConflictError(
    endedAt === null
      ? `The alert ${id} is ${state} already. Close it, or leave it.`
      : `The alert ${id} has ended at ${endedAt}. When it is seen again, there is a new one.`,
  );
}
