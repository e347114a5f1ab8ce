import { type Database, type Tx, translated } from "@brain/engine";
import { and, asc, desc, eq, inArray, lte, min, or, sql } from "drizzle-orm";
import { ofTenant } from "../of-tenant.ts";
import type { TimePlace } from "../time-cursor.ts";
import type { Intent, Refund } from "./model.ts";
import { holdingRefundStates } from "./state.ts";
import type { ProviderRefund } from "./stripe-events.ts";
import { paycoreIntents, paycoreRefunds, type RefundStatus } from "./tables.ts";

/** The statements about refunds, one a function. Those with `tx` need the payment's lock, see `lockIntent`. */

type NewRefund = typeof paycoreRefunds.$inferInsert;

/** @param tenantId of this tenant; null: of any */
export async function findRefund(
  db: Database,
  id: string,
  tenantId: string | null = null,
): Promise<Refund | null> {
  const [row] = await translated(
    db.statements
      .select()
      .from(paycoreRefunds)
      .where(and(eq(paycoreRefunds.id, id), ofTenant(paycoreRefunds.tenantId, tenantId))),
  );
  return row ?? null;
}

export interface RefundPage {
  /** Null: of all. */
  readonly tenantId: string | null;
  readonly status: RefundStatus;
  readonly limit: number;
  /** Last entry of the page before. */
  readonly cursor?: TimePlace | undefined;
}

/** Refunds of one status with what of their payment a person has to know, newest first. */
export async function listRefunds(
  db: Database,
  { tenantId, status, limit, cursor }: RefundPage,
): Promise<
  { readonly refund: Refund; readonly intent: Pick<Intent, "currency" | "courseId" | "amountCents"> }[]
> {
  const table = paycoreRefunds;
  const { currency, courseId, amountCents } = paycoreIntents;
  const behind =
    cursor === undefined
      ? undefined
      : sql`(${table.createdAt}, ${table.id}) < (${new Date(cursor.ms).toISOString()}::timestamptz, ${cursor.id}::uuid)`;
  return translated(
    db.statements
      .select({ refund: table, intent: { currency, courseId, amountCents } })
      .from(table)
      .innerJoin(paycoreIntents, eq(paycoreIntents.id, table.intentId))
      .where(and(eq(table.status, status), ofTenant(table.tenantId, tenantId), behind))
      .orderBy(desc(table.createdAt), desc(table.id))
      .limit(limit),
  );
}

/** @returns null when the refund was handed over meanwhile, or is over */
export async function takeUnsent(db: Database, id: string, nextAt: Date): Promise<Refund | null> {
  const [row] = await translated(
    db.statements
      .update(paycoreRefunds)
      .set({ attempts: sql`${paycoreRefunds.attempts} + 1`, nextAttemptAt: nextAt })
      .where(and(eq(paycoreRefunds.id, id), eq(paycoreRefunds.status, "requested")))
      .returning(),
  );
  return row ?? null;
}

/** Refunds that should have been handed over, longest due first. */
export async function listUnsent(db: Database, now: Date, limit: number): Promise<Refund[]> {
  return translated(
    db.statements
      .select()
      .from(paycoreRefunds)
      .where(and(eq(paycoreRefunds.status, "requested"), lte(paycoreRefunds.nextAttemptAt, now)))
      .orderBy(asc(paycoreRefunds.nextAttemptAt))
      .limit(limit),
  );
}

export async function nextUnsentAt(db: Database): Promise<Date | null> {
  const [row] = await translated(
    db.statements
      .select({ at: min(paycoreRefunds.nextAttemptAt) })
      .from(paycoreRefunds)
      .where(eq(paycoreRefunds.status, "requested")),
  );
  return row?.at ?? null;
}

/** @returns null when this request (tenant and key) made one before */
export async function insertRefund(tx: Tx, row: NewRefund): Promise<Refund | null> {
  const [inserted] = await tx.insert(paycoreRefunds).values(row).onConflictDoNothing().returning();
  return inserted ?? null;
}

export async function findRefundOfRequest(tx: Tx, tenantId: string, key: string): Promise<Refund | null> {
  const [row] = await tx
    .select()
    .from(paycoreRefunds)
    .where(and(eq(paycoreRefunds.tenantId, tenantId), eq(paycoreRefunds.idempotencyKey, key)));
  return row ?? null;
}

/** Its payment is locked by the caller, so it stays as it is read. */
export async function findRefundInTx(tx: Tx, id: string): Promise<Refund | null> {
  const [row] = await tx.select().from(paycoreRefunds).where(eq(paycoreRefunds.id, id));
  return row ?? null;
}

/** The refund of this payment that the provider means; its payment is locked by the caller. */
export async function findRefundOf(tx: Tx, intentId: string, refund: ProviderRefund): Promise<Refund | null> {
  const table = paycoreRefunds;
  const theirs = eq(table.providerRefundId, refund.providerRefundId);
  const rows = await tx
    .select()
    .from(table)
    .where(
      and(
        eq(table.intentId, intentId),
        refund.refundId === null ? theirs : or(theirs, eq(table.id, refund.refundId)),
      ),
    );
  return rows.find((row) => row.providerRefundId === refund.providerRefundId) ?? rows[0] ?? null;
}

export async function updateRefund(tx: Tx, id: string, columns: Partial<NewRefund>): Promise<Refund> {
  const [row] = await tx.update(paycoreRefunds).set(columns).where(eq(paycoreRefunds.id, id)).returning();
  if (row === undefined) throw new Error("A refund of a locked payment is gone.");
  return row;
}

/** Sum of the payment's refunds that were paid or may yet be. */
export async function heldByRefunds(tx: Tx, intentId: string): Promise<number> {
  const [row] = await tx
    .select({ sum: sql<string>`COALESCE(SUM(${paycoreRefunds.amountCents}), 0)` })
    .from(paycoreRefunds)
    .where(
      and(eq(paycoreRefunds.intentId, intentId), inArray(paycoreRefunds.status, [...holdingRefundStates])),
    );
  return Number(row?.sum ?? 0);
}
