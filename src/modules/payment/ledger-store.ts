import { type Database, type Tx, translated } from "@brain/engine";
import { and, asc, eq, gte, lte, type SQL, sql } from "drizzle-orm";
import type { RevenueQuery } from "./model.ts";
import {
  type ProviderEventOutcome,
  paycoreProviderEvents,
  paycoreRevenueDaily,
  paycoreTransactions,
} from "./tables.ts";

/** The statements about the ledger, its sums and the provider's events, one a function. */

type NewTransaction = typeof paycoreTransactions.$inferInsert;

/** By day, tenant and currency, in that order. @param tenantId null: of all */
export async function listRevenue(db: Database, tenantId: string | null, query: RevenueQuery) {
  const days = paycoreRevenueDaily;
  const conditions: (SQL | undefined)[] = [gte(days.date, query.from), lte(days.date, query.to)];
  if (tenantId !== null) conditions.push(eq(days.tenantId, tenantId));
  if (query.cursor !== undefined) {
    const [date, tenantId, currency] = query.cursor;
    conditions.push(
      sql`(${days.date}, ${days.tenantId}, ${days.currency}) > (${date}::date, ${tenantId}, ${currency})`,
    );
  }
  return translated(
    db.statements
      .select()
      .from(days)
      .where(and(...conditions))
      .orderBy(asc(days.date), asc(days.tenantId), asc(days.currency))
      .limit(query.limit),
  );
}

/** Adds an entry to the ledger. Nothing here changes or removes one. */
export async function addTransaction(tx: Tx, row: NewTransaction): Promise<void> {
  await tx.insert(paycoreTransactions).values(row);
}

interface DaySums {
  readonly date: string;
  readonly tenantId: string;
  readonly currency: string;
  readonly receivedCents: number;
  readonly received: number;
  readonly refundedCents: number;
  readonly refunded: number;
}

/** Adds to the sums of a day; concurrent additions all count. */
export async function addToDay(tx: Tx, day: DaySums): Promise<void> {
  const table = paycoreRevenueDaily;
  await tx
    .insert(table)
    .values({
      date: day.date,
      tenantId: day.tenantId,
      currency: day.currency,
      totalCents: day.receivedCents,
      transactionCount: day.received,
      refundTotalCents: day.refundedCents,
      refundCount: day.refunded,
    })
    .onConflictDoUpdate({
      target: [table.date, table.tenantId, table.currency],
      set: {
        totalCents: sql`${table.totalCents} + excluded.total_cents`,
        transactionCount: sql`${table.transactionCount} + excluded.transaction_count`,
        refundTotalCents: sql`${table.refundTotalCents} + excluded.refund_total_cents`,
        refundCount: sql`${table.refundCount} + excluded.refund_count`,
      },
    });
}

/**
 * Notes a signed event. Two deliveries at once: the second waits for the first, and finds it. Events are the same by id
 * and type, because accounts that share an endpoint may give one id twice.
 *
 * @returns false when it was noted before
 */
export async function claimProviderEvent(
  tx: Tx,
  event: { readonly id: string; readonly type: string; readonly receivedAt: Date },
): Promise<boolean> {
  const rows = await tx
    .insert(paycoreProviderEvents)
    .values({
      provider: "stripe",
      eventId: event.id,
      type: event.type,
      outcome: "recorded",
      receivedAt: event.receivedAt,
    })
    .onConflictDoNothing()
    .returning({ eventId: paycoreProviderEvents.eventId });
  return rows.length > 0;
}

export async function noteProviderOutcome(
  tx: Tx,
  event: { readonly id: string; readonly type: string },
  outcome: ProviderEventOutcome,
  intentId: string | null,
): Promise<void> {
  const table = paycoreProviderEvents;
  await tx
    .update(table)
    .set({ outcome, intentId })
    .where(and(eq(table.provider, "stripe"), eq(table.eventId, event.id), eq(table.type, event.type)));
}
