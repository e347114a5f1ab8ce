import { namedLock, type Tx } from "@brain/engine";
import { asc, eq, lt, sql } from "drizzle-orm";
import type { Applying } from "./apply.ts";
import type { ProviderRefund } from "./stripe-events.ts";
import { paycoreEarlyRefunds } from "./tables.ts";

/**
 * Refunds that the provider told before the payment that they are of: they name it by the provider's id, which we learn
 * with the payment. They wait here. Some are of payments that are none of ours, and are thrown away in time.
 */

/** Stripe sends an event again for three days: https://docs.stripe.com/webhooks#automatic-retries */
const keptMs = 30 * 24 * 3_600_000;

/** Lets nobody else tell of this payment until the transaction ends, so that a refund is either seen or waits. */
export async function lockProviderPayment(tx: Tx, providerPaymentId: string): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(${namedLock("payments", providerPaymentId)})`);
}

/** Keeps what was told of refunds. The caller holds the lock of the provider's payment. */
export async function rememberRefunds(
  { tx, now, providerEventId }: Applying,
  providerPaymentId: string,
  refunds: readonly ProviderRefund[],
): Promise<void> {
  const table = paycoreEarlyRefunds;
  await tx.delete(table).where(lt(table.receivedAt, new Date(now.getTime() - keptMs)));
  if (refunds.length === 0 || providerEventId === null) return;
  const rows = refunds.map((told) => ({
    providerPaymentId,
    providerEventId,
    ...told,
    receivedAt: now,
  }));
  await tx.insert(table).values(rows).onConflictDoNothing();
}

/** Takes out what waits for this payment, in the order it was told. */
export async function takeEarlyRefunds(tx: Tx, providerPaymentId: string) {
  const table = paycoreEarlyRefunds;
  const mine = eq(table.providerPaymentId, providerPaymentId);
  const rows = await tx
    .select()
    .from(table)
    .where(mine)
    .orderBy(asc(table.receivedAt), asc(table.providerEventId));
  if (rows.length > 0) await tx.delete(table).where(mine);
  return rows;
}
