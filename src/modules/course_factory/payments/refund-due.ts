import { alertsInTransaction, type HandlerContext, type StatementContext } from "@brain/engine";
import {
  coursePaymentFailed,
  type Envelope,
  type PayloadOf,
  type paymentRefundCompleted,
  type paymentRefundFailed,
} from "@brain/schemas";
import { type SQL, sql } from "drizzle-orm";
import { toldTenant } from "../../told-tenant.ts";
import { alertOf, alertText, type Due, requestText, withLeft } from "./refund-texts.ts";

/*
 * Payments for what cannot be delivered: told once, and shown to operators until they are paid back.
 *
 * A refund may be told before its payment is noticed, and events of one payment may be handled side by side: replays and
 * redrives keep no order with others. So each payment of which a refund is told has a row, whether it is noticed or not.
 * Whoever counts or notices writes that row by an upsert, which locks it and goes on from what is committed then. All that
 * is to be known of it is computed there: other rows are seen as they were when the statement began.
 */

type Context = Pick<HandlerContext, "tx" | "publish" | "log" | "now">;

/** Statements that go before the notes, in the same one. */
export interface Before {
  /** CTEs of the caller's own. */
  readonly statements: SQL;
  /** When the payments are to be noted at all. */
  readonly condition: SQL;
}

const most = sql.raw(String(Number.MAX_SAFE_INTEGER));

/**
 * The subject of the alert of a row `d`: the id of the payment; where another tenant's has the same, whose it is, too.
 * No row has the id for its subject when that looks like the second (the trigger of the table).
 */
const subjectOfRow = sql`coalesce(d.payment_id, d.payment || ' of ' || coalesce(to_json(d.tenant_id)::text, '""'))`;

/** Whether refunds of so much are all of a payment; without an amount of the payment any is. */
const isAllOf = (wholeRefunds: SQL, refunded: SQL, amount: SQL): SQL =>
  sql`(${wholeRefunds} > 0 OR (${refunded} > 0 AND ${refunded} >= coalesce(${amount}, 0)))`;

/**
 * The tenant in the row of a payment of which a refund is told. An event without one may mean any. Of none are also rows
 * of the releases that kept no tenant: those are whoever's payment has been noticed.
 */
function tenantOfRow(paymentId: string, tenantId: string | null): SQL {
  const rows = sql`FROM course_factory_refunds_due AS d WHERE d.payment = ${paymentId}`;
  if (tenantId === null) {
    return sql`(SELECT d.tenant_id ${rows} ORDER BY d.noticed_at IS NULL, d.tenant_id IS NOT NULL, d.id LIMIT 1)`;
  }
  const noticed = sql`${rows} AND d.noticed_at IS NOT NULL`;
  return sql`(SELECT CASE WHEN EXISTS (SELECT ${noticed} AND d.tenant_id IS NULL)
      AND NOT EXISTS (SELECT ${noticed} AND d.tenant_id = ${tenantId}) THEN NULL ELSE ${tenantId}::text END)`;
}

/**
 * The payments that are to be noted, `given`, with the tenant of the row that notes each, `row_tenant`. That is its own,
 * unless there is none yet and refunds were told before it without a tenant, or of a payment without one: those may be of
 * this payment, so their row goes on as its. At most one payment of an id takes such a row.
 */
const placed = sql`
      SELECT g.*, CASE
        WHEN EXISTS (SELECT FROM course_factory_refunds_due AS d WHERE d.payment = g.payment_id
            AND d.tenant_id IS NOT DISTINCT FROM g.tenant_id)
          OR row_number() OVER (PARTITION BY g.payment_id ORDER BY g.tenant_id) > 1 THEN g.tenant_id
        WHEN g.tenant_id IS NOT NULL AND NOT EXISTS (SELECT FROM course_factory_refunds_due AS d
            WHERE d.payment = g.payment_id AND d.tenant_id IS NULL AND d.noticed_at IS NULL) THEN g.tenant_id
        WHEN g.tenant_id IS NULL THEN (SELECT d.tenant_id FROM course_factory_refunds_due AS d
            WHERE d.payment = g.payment_id AND d.noticed_at IS NULL ORDER BY d.id LIMIT 1)
      END AS row_tenant
      FROM given AS g`;

interface Noted extends Record<string, unknown> {
  readonly payment_id: string;
  /** What is still to be paid back; null: nobody said how much was paid. */
  readonly left_cents: number | null;
  readonly is_settled: boolean;
  readonly is_new_alert: boolean | null;
}

/**
 * Tells, once per payment, that it has to be paid back: as `course.payment.failed`, and operators by an alert, unless all
 * of it was paid back before. One statement for all of them.
 */
export async function failPayments(
  dues: readonly Due[],
  reason: string,
  { tx, publish, log, now }: Context,
  before: Before | null = null,
): Promise<void> {
  if (dues.length === 0) return;
  const given = dues.map((due) => ({ ...due, ...alertText(due, reason) }));
  const { rows } = await tx.execute<Noted>(sql`
    WITH ${before === null ? sql`` : sql`${before.statements},`} given AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(given)}::jsonb)
        AS g(payment_id text, course_id text, amount_cents bigint, tenant_id text, head text, tail text)
      ${before === null ? sql`` : sql`WHERE ${before.condition}`}
    ), placed AS (${placed}
    ), fresh AS (
      INSERT INTO course_factory_refunds_due AS d (payment, tenant_id, course_id, amount_cents, reason, noticed_at)
      SELECT payment_id, row_tenant, course_id, amount_cents, ${reason}, ${now().toISOString()}::timestamptz
      FROM placed AS g
      -- Noticed in a row of another tenant, or by a release that kept none.
      WHERE NOT EXISTS (SELECT FROM course_factory_refunds_due AS n WHERE n.payment = g.payment_id
        AND (n.tenant_id IS NULL OR g.tenant_id IS NULL) AND n.noticed_at IS NOT NULL AND n.course_id = g.course_id)
      -- In one order for all, so that nobody waits in a circle.
      ORDER BY payment_id
      ON CONFLICT (payment, tenant_id) DO UPDATE SET payment_id = excluded.payment_id, course_id = excluded.course_id,
        amount_cents = excluded.amount_cents, reason = excluded.reason, noticed_at = excluded.noticed_at,
        settled_at = CASE WHEN ${isAllOf(sql`d.whole_refunds`, sql`d.refunded_cents`, sql`excluded.amount_cents`)}
          THEN excluded.noticed_at END
        WHERE d.noticed_at IS NULL
      RETURNING d.payment AS payment_id, ${subjectOfRow} AS subject, d.amount_cents - d.refunded_cents AS left_cents,
        d.settled_at IS NOT NULL AS is_settled
    ), alerted AS (${alertsInTransaction.raising(sql`
      SELECT 'refund_due', subject, 'critical', head || coalesce(left_cents::text || tail, ''), tenant_id, '{}'::text[]
      FROM given JOIN fresh USING (payment_id) WHERE NOT is_settled`)}
    )
    SELECT payment_id, left_cents::float8 AS left_cents, is_settled, is_new AS is_new_alert
    FROM fresh LEFT JOIN alerted USING (subject)`);
  const noted = new Map(rows.map((row) => [row.payment_id, row]));
  for (const due of dues) {
    const row = noted.get(due.payment_id);
    if (row === undefined) continue;
    if (row.is_new_alert === true) {
      alertsInTransaction.logRaised(log, alertOf(due, alertText(due, reason), row.left_cents));
    }
    await publishFailed(publish, due, reason, row);
  }
}

async function publishFailed(
  publish: Context["publish"],
  due: Due,
  reason: string,
  { is_settled: isSettled, left_cents: left }: Noted,
): Promise<void> {
  const { course_id, payment_id, intent_id, amount_cents, currency, tenant_id } = due;
  const next = isSettled ? "It was paid back already." : withLeft(requestText(due), left);
  await publish(
    coursePaymentFailed,
    {
      course_id,
      transaction_id: payment_id,
      reason: `${reason} ${next}`.slice(0, 2000).toWellFormed(),
      refund_due: !isSettled,
      ...(intent_id === null ? {} : { intent_id }),
      ...(amount_cents === null ? {} : { amount_cents }),
      ...(currency === null ? {} : { currency }),
    },
    { tenant_id },
  );
}

/** The refund that an event tells of; the event itself where it named none. */
const refundIdOf = ({ id, payload }: Envelope<PayloadOf<typeof paymentRefundCompleted>>): string =>
  payload.refund_id ?? id;

/**
 * Counts a refund, once, and ends the alert of a payment that is paid back in full. Of a payment that is not noticed it
 * counts when that is.
 */
export function settleRefund({ event, now }: StatementContext<typeof paymentRefundCompleted>) {
  const { payment_id: paymentId, amount_cents: cents } = event.payload;
  const tenantId = toldTenant(event);
  const time = sql`${now().toISOString()}::timestamptz`;
  const whole = sql`d.whole_refunds + excluded.whole_refunds`;
  const refunded = sql`least(d.refunded_cents + excluded.refunded_cents, ${most})`;
  const settledSubject = sql`(SELECT ${subjectOfRow} FROM course_factory_refunds_due AS d WHERE d.payment = ${paymentId}
    AND d.tenant_id IS NOT DISTINCT FROM ${tenantOfRow(paymentId, tenantId)} AND d.settled_at IS NOT NULL)`;
  // Nothing of nothing is all of it, too.
  const isSettled = sql`${whole} > 0 OR ${refunded} >= coalesce(d.amount_cents, 0)`;
  return [
    sql`
    WITH told AS (
      INSERT INTO course_factory_refunds (payment, tenant_id, refund_id, amount_cents, told_at)
      VALUES (${paymentId}, ${tenantOfRow(paymentId, tenantId)}, ${refundIdOf(event)}, ${cents}::bigint, ${time})
      ON CONFLICT (payment, tenant_id, refund_id) DO NOTHING
      RETURNING tenant_id, amount_cents
    ), counted AS (
      INSERT INTO course_factory_refunds_due AS d (payment, tenant_id, refunded_cents, told_cents, whole_refunds)
      SELECT ${paymentId}, tenant_id, coalesce(amount_cents, 0), coalesce(amount_cents, 0), (amount_cents IS NULL)::integer
      FROM told
      ON CONFLICT (payment, tenant_id) DO UPDATE SET refunded_cents = ${refunded},
        told_cents = least(d.told_cents + excluded.told_cents, ${most}), whole_refunds = ${whole},
        settled_at = CASE WHEN d.noticed_at IS NOT NULL AND (${isSettled})
          THEN coalesce(d.settled_at, ${time}) ELSE d.settled_at END
    )
    SELECT`,
    // A statement of its own: who noticed the payment while this one waited has raised the alert since it began.
    alertsInTransaction.resolvingIf("refund_due", settledSubject),
  ];
}

interface Reopened extends Record<string, unknown> {
  readonly course_id: string;
  readonly reason: string;
  readonly subject: string;
  readonly tenant_id: string | null;
  /** Null: nobody said how much was paid. */
  readonly amount_cents: number | null;
  readonly refunded_cents: number;
  readonly is_due: boolean;
}

/**
 * A refund that was paid and failed afterwards: the money came back to us, so it counts no more. Where its payment is
 * owed again, operators are told, once. Of one that failed before it was paid nothing was counted.
 *
 * What counts no more: of a refund that was told, its own amount. Of one that was not, what the event says, at most what
 * the releases before counted without a row. Of one that nobody named, what the event says.
 */
export async function reopenRefund(
  event: Envelope<PayloadOf<typeof paymentRefundFailed>>,
  { tx, log, now }: Pick<HandlerContext, "tx" | "log" | "now">,
): Promise<void> {
  const { payment_id: paymentId, amount_cents: cents, refund_id: named, was_completed } = event.payload;
  if (was_completed !== true) return;
  const teller = toldTenant(event);
  const time = sql`${now().toISOString()}::timestamptz`;
  const toldCents = sql`coalesce(${cents}::bigint, ${most})`;
  const isUnnamed = sql`${named === undefined}::boolean`;
  const { rows } = await tx.execute<Reopened>(sql`
    WITH told AS (
      INSERT INTO course_factory_refunds AS r (payment, tenant_id, refund_id, amount_cents, told_at, reversed_at)
      VALUES (${paymentId}, ${tenantOfRow(paymentId, teller)}, ${refundIdOf(event)}, ${cents}::bigint, ${time}, ${time})
      ON CONFLICT (payment, tenant_id, refund_id) DO UPDATE SET reversed_at = excluded.reversed_at
        WHERE r.reversed_at IS NULL
      RETURNING r.tenant_id, r.amount_cents, r.xmax <> 0 AS was_told
    ), back AS (
      SELECT CASE WHEN was_told THEN coalesce(amount_cents, 0) ELSE 0 END AS own,
        CASE WHEN was_told THEN (amount_cents IS NULL)::integer WHEN ${isUnnamed} AND amount_cents IS NULL THEN ${most} ELSE 0 END AS whole,
        CASE WHEN was_told OR ${isUnnamed} THEN 0 ELSE ${toldCents} END AS untold,
        CASE WHEN was_told OR NOT ${isUnnamed} THEN 0 ELSE ${toldCents} END AS unnamed
      FROM told
    ), counted AS (
      INSERT INTO course_factory_refunds_due AS d (payment, tenant_id) SELECT ${paymentId}, tenant_id FROM told
      ON CONFLICT (payment, tenant_id) DO UPDATE SET (refunded_cents, told_cents, whole_refunds, settled_at) = (
        SELECT n.refunded, least(greatest(0, d.told_cents - own), n.refunded), n.whole,
          CASE WHEN ${isAllOf(sql`n.whole`, sql`n.refunded`, sql`d.amount_cents`)} THEN d.settled_at END
        FROM back, LATERAL (SELECT greatest(0, d.whole_refunds - back.whole)::integer AS whole, greatest(0, d.refunded_cents
          - own - unnamed - least(untold, greatest(0, d.refunded_cents - d.told_cents))) AS refunded) AS n
      )
      RETURNING d.*, ${subjectOfRow} AS subject
    )
    SELECT course_id, reason, subject, tenant_id, amount_cents::float8 AS amount_cents,
      refunded_cents::float8 AS refunded_cents, noticed_at IS NOT NULL AND settled_at IS NULL AS is_due
    FROM counted`);
  const [row] = rows;
  if (row === undefined || !row.is_due) return;
  const { course_id, reason, subject, amount_cents, refunded_cents } = row;
  // The alert is for whose payment it is. A row may have been made before anybody said that.
  const tenantId = row.tenant_id ?? teller;
  const due = { ...event.payload, course_id, amount_cents, tenant_id: tenantId };
  const left = amount_cents === null ? cents : amount_cents - refunded_cents;
  const text = alertText(due, `${reason} It was paid back, and the money came back to us.`, {
    ...due,
    amount_cents: left,
  });
  const alert = { ...alertOf(due, text, left), subject };
  const { rows: raised } = await tx.execute<{ is_new: boolean }>(
    alertsInTransaction.raising(sql`
      SELECT ${alert.kind}::text, ${subject}::text, ${alert.severity}::text, ${alert.message}::text, ${tenantId}::text,
        ARRAY[${event.id}::text]`),
  );
  if (raised[0]?.is_new === true) alertsInTransaction.logRaised(log, alert);
}
