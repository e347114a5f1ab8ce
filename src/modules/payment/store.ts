import { type Database, type Tx, translated } from "@brain/engine";
import { and, asc, eq, lte, min, or, type SQL, sql } from "drizzle-orm";
import { ofTenant } from "../of-tenant.ts";
import { type CatalogueCourse, type CourseCatalogue, toCatalogueCourse } from "../ports/course-catalogue.ts";
import type { Intent } from "./model.ts";
import type { PaymentRefs } from "./stripe-events.ts";
import { paycoreIntents } from "./tables.ts";

/** The statements about payments, one a function. */

type NewIntent = typeof paycoreIntents.$inferInsert;

/** @param tenantId of this tenant; null: of any */
export async function findIntent(
  db: Database,
  id: string,
  tenantId: string | null = null,
): Promise<Intent | null> {
  const [row] = await translated(
    db.statements
      .select()
      .from(paycoreIntents)
      .where(and(eq(paycoreIntents.id, id), ofTenant(paycoreIntents.tenantId, tenantId))),
  );
  return row ?? null;
}

/** Whether a payment of ours is meant. */
export async function isOurs(db: Database, refs: PaymentRefs): Promise<boolean> {
  const condition = meantBy(refs);
  if (condition === null) return false;
  const rows = await translated(
    db.statements.select({ id: paycoreIntents.id }).from(paycoreIntents).where(condition).limit(1),
  );
  return rows.length > 0;
}

/**
 * Takes an intent whose page is not open for a try: counts it, and keeps the job away until `nextAt`.
 *
 * @returns null when its page is open meanwhile, or it is over
 */
export async function takeUnopened(db: Database, id: string, nextAt: Date): Promise<Intent | null> {
  const [row] = await translated(
    db.statements
      .update(paycoreIntents)
      .set({ attempts: sql`${paycoreIntents.attempts} + 1`, nextAttemptAt: nextAt })
      .where(and(eq(paycoreIntents.id, id), eq(paycoreIntents.status, "created")))
      .returning(),
  );
  return row ?? null;
}

/** Intents whose page should have been open, longest due first. */
export async function listUnopened(db: Database, now: Date, limit: number): Promise<Intent[]> {
  return translated(
    db.statements
      .select()
      .from(paycoreIntents)
      .where(and(eq(paycoreIntents.status, "created"), lte(paycoreIntents.nextAttemptAt, now)))
      .orderBy(asc(paycoreIntents.nextAttemptAt))
      .limit(limit),
  );
}

/** When the next one is due; null when none waits. */
export async function nextUnopenedAt(db: Database): Promise<Date | null> {
  const [row] = await translated(
    db.statements
      .select({ at: min(paycoreIntents.nextAttemptAt) })
      .from(paycoreIntents)
      .where(eq(paycoreIntents.status, "created")),
  );
  return row?.at ?? null;
}

/** Notes the open page. A webhook may have been faster: then only what is missing is noted, and the state stays. */
export async function noteCheckout(
  db: Database,
  id: string,
  page: { readonly sessionId: string; readonly url: string | null; readonly paymentId: string | null },
  now: Date,
): Promise<Intent | null> {
  const table = paycoreIntents;
  const [row] = await translated(
    db.statements
      .update(table)
      .set({
        status: sql`CASE WHEN ${table.status} = 'created' THEN 'pending' ELSE ${table.status} END`,
        providerIntentId: sql`COALESCE(${table.providerIntentId}, ${page.sessionId})`,
        providerPaymentId: sql`COALESCE(${table.providerPaymentId}, ${page.paymentId})`,
        checkoutUrl: page.url,
        updatedAt: now,
      })
      .where(eq(table.id, id))
      .returning(),
  );
  return row ?? null;
}

/** @returns null when this request (tenant and key) or this event made one before */
export async function insertIntent(tx: Tx, row: NewIntent): Promise<Intent | null> {
  const [inserted] = await tx.insert(paycoreIntents).values(row).onConflictDoNothing().returning();
  return inserted ?? null;
}

export async function findIntentOfRequest(tx: Tx, tenantId: string, key: string): Promise<Intent | null> {
  const [row] = await tx
    .select()
    .from(paycoreIntents)
    .where(and(eq(paycoreIntents.tenantId, tenantId), eq(paycoreIntents.idempotencyKey, key)));
  return row ?? null;
}

/** Locks the payment until the transaction ends: its state and its refunds are decided one after the other. */
export async function lockIntent(tx: Tx, id: string): Promise<Intent | null> {
  const [row] = await tx.select().from(paycoreIntents).where(eq(paycoreIntents.id, id)).for("update");
  return row ?? null;
}

/** Null when Stripe told no id at all. */
function meantBy(refs: PaymentRefs): SQL | null {
  const table = paycoreIntents;
  const conditions: SQL[] = [];
  if (refs.intentId !== null) conditions.push(eq(table.id, refs.intentId));
  if (refs.sessionId !== null) conditions.push(eq(table.providerIntentId, refs.sessionId));
  if (refs.paymentId !== null) conditions.push(eq(table.providerPaymentId, refs.paymentId));
  return conditions.length === 0 ? null : sql`${table.provider} = 'stripe' AND ${or(...conditions)}`;
}

/** The payment that the provider means, locked. Our own id counts first: theirs may not be stored yet. */
export async function lockIntentOf(tx: Tx, refs: PaymentRefs): Promise<Intent | null> {
  const condition = meantBy(refs);
  if (condition === null) return null;
  const rows = await tx
    .select()
    .from(paycoreIntents)
    .where(condition)
    .orderBy(asc(paycoreIntents.id))
    .for("update");
  return rows.find((row) => row.id === refs.intentId) ?? rows[0] ?? null;
}

export async function updateIntent(tx: Tx, id: string, columns: Partial<NewIntent>): Promise<Intent> {
  const [row] = await tx.update(paycoreIntents).set(columns).where(eq(paycoreIntents.id, id)).returning();
  if (row === undefined) throw new Error("A payment that was locked is gone.");
  return row;
}

/**
 * Looks whether the event has its payment already, and at the course that is to be paid for.
 *
 * @param catalogue undefined: nobody knows of courses; `course` is undefined then, and null when there is none
 */
export async function lookAtPurchase(
  tx: Tx,
  eventId: string,
  { courseId, tenantId }: { readonly courseId: string; readonly tenantId: string | null },
  catalogue: CourseCatalogue | undefined,
): Promise<{ readonly hasIntent: boolean; readonly course: CatalogueCourse | null | undefined }> {
  const course =
    catalogue === undefined
      ? sql`NULL`
      : sql`(SELECT to_jsonb(c) FROM (${catalogue.query(courseId, tenantId)}) AS c)`;
  const { rows } = await tx.execute<{ has_intent: boolean; course: Record<string, unknown> | null }>(sql`
    SELECT EXISTS (SELECT FROM paycore_intents WHERE source_event_id = ${eventId}) AS has_intent, ${course} AS course`);
  const [row] = rows;
  if (row === undefined) throw new Error("a look at a purchase returned no row");
  const known = row.course === null ? null : toCatalogueCourse(row.course);
  return { hasIntent: row.has_intent, course: catalogue === undefined ? undefined : known };
}
