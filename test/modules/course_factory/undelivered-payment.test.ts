import {
  courseDistributionFailed,
  type PayloadOf,
  paymentRefundCompleted,
  paymentRefundFailed,
  paymentTransactionCompleted,
} from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { base, createPaymentEngine, type PaymentEngine } from "../payment/stripe-fixture.ts";
import { eventsOf, newCourse, tenant } from "./learning/fixtures.ts";

/** A payment that arrives by webhook for what cannot be delivered, until it is paid back. */

let engine: PaymentEngine;
beforeAll(async () => {
  engine = await createPaymentEngine();
});
afterAll(() => engine?.cleanup());

const alertsOf = async (paymentId: string) =>
  (await engine.request("GET", "/api/alerts?status=open")).body.alerts.filter(
    (alert: { subject: string }) => alert.subject === paymentId,
  );

/** The course is archived after the payment began. */
async function archive(courseId: string): Promise<void> {
  const body = { course_id: courseId, from_state: "draft", to_state: "archived", actor: "author-1" };
  const answer = await engine.request("POST", "/api/course-factory/workflow/transition", body);
  expect(answer.status, answer.text).toBe(200);
  await engine.settle();
}

/** Its entry is removed, so that a distribution can be asked for but not made. */
async function removeEntry(courseId: string): Promise<void> {
  const [entry] = (await engine.request("GET", `/api/courses/distribution?course_id=${courseId}`)).body;
  await engine.request("DELETE", `/api/courses/distribution/${entry.distribution_id}`);
}

test.each([
  ["was archived", archive, "archived"],
  ["cannot be distributed", removeEntry, "no distribution"],
])("for a course that %s: told, alerted, refunded as the alert says, and over", async (_what, spoil, why) => {
  const { courseId } = await newCourse(engine);
  await engine.settle();
  const user = `user-${crypto.randomUUID()}`;
  const wanted = { amount_cents: 4_900, currency: "EUR", user_id: user, metadata: { course_id: courseId } };
  const begun = await engine.request("POST", `${base}/intents`, wanted, { "x-actor-id": user });
  expect(begun.status, begun.text).toBe(201);
  await spoil(courseId);
  const statuses = await engine.atStripe(() => engine.stripe.account.pay(begun.body.provider_intent_id));
  expect(statuses["checkout.session.completed"]).toBe(200);
  await engine.settle();
  if (why === "no distribution") {
    // The last answer to the request that `course_distribution` still tries.
    const payload = { course_id: courseId, error: "The course has no distribution.", retry_count: 4 };
    await engine.publish({ source: "course_distribution", tenant_id: tenant }, (publish) =>
      publish(courseDistributionFailed, payload),
    );
    await engine.settle();
  }

  const { intent_id: intentId } = begun.body;
  const { transaction_id: paymentId } = (await engine.request("GET", `${base}/intents/${intentId}`)).body;
  const told = await eventsOf(engine, courseId, "course.payment.failed");
  expect(told).toMatchObject([
    {
      tenant_id: tenant,
      payload: {
        transaction_id: paymentId,
        intent_id: intentId,
        amount_cents: 4_900,
        currency: "EUR",
        refund_due: true,
        reason: expect.stringContaining(why),
      },
    },
  ]);
  const [alert, ...others] = await alertsOf(paymentId);
  expect(others).toEqual([]);
  expect(alert.message).toContain("4900 EUR");

  // Exactly the request that the alert names.
  const payBack = async (message: string) => {
    const [, path = "", body = ""] = /POST (\/\S+) (\{[^}]*\})/.exec(message) ?? [];
    expect(path).toBe(`${base}/refunds`);
    const refund = await engine.request("POST", path, body, { "x-actor-id": "clerk-1" });
    expect(refund.status, refund.text).toBe(201);
    expect(refund.body).toMatchObject({ status: "succeeded", amount_cents: 4_900, reason: "not delivered" });
    await engine.stripe.delivered();
    expect(await alertsOf(paymentId)).toHaveLength(1);
    await engine.settle();
    expect(await alertsOf(paymentId)).toEqual([]);
    return refund.body.provider_refund_id as string;
  };
  const refundId = await payBack(alert.message);

  // The payer's bank sends it back: it is owed again, and paid as the alert says.
  await engine.atStripe(() => engine.stripe.account.settleRefund(refundId, "failed"));
  await engine.settle();
  const [again, ...more] = await alertsOf(paymentId);
  expect(more).toEqual([]);
  expect(again).toMatchObject({ kind: "refund_due", state: "reopened", tenant_id: tenant });
  expect(again.message).toContain("came back");
  expect(again.message).toContain(why);
  await payBack(again.message);
});

describe("a refund in parts", () => {
  const payment = () => ({
    payment_id: `pay-${crypto.randomUUID()}`,
    intent_id: "int-1",
    user_id: "user-7",
    tenant_id: tenant,
    // Nobody knows it.
    course_id: crypto.randomUUID(),
    amount_cents: 4_900,
    currency: "EUR",
    provider: "paypal" as const,
    occurred_at: "2026-11-21T09:00:00.000Z",
  });
  type Paid = ReturnType<typeof payment>;
  const told = async (
    definition:
      | typeof paymentTransactionCompleted
      | typeof paymentRefundCompleted
      | typeof paymentRefundFailed,
    payload: Paid & Partial<PayloadOf<typeof paymentRefundFailed>>,
  ) => {
    await engine.publish({ source: "payment", tenant_id: tenant }, (publish) => publish(definition, payload));
    await engine.settle();
    return alertsOf(payload.payment_id);
  };

  test("of which one part comes back leaves that part due", async () => {
    const paid = payment();
    expect(await told(paymentTransactionCompleted, paid)).toHaveLength(1);
    expect(await told(paymentRefundCompleted, { ...paid, amount_cents: 4_000 })).toHaveLength(1);
    expect(await told(paymentRefundCompleted, { ...paid, amount_cents: 900 })).toEqual([]);
    const [alert] = await told(paymentRefundFailed, { ...paid, amount_cents: 900, was_completed: true });
    expect(alert?.message).toContain('"amount_cents":900,');
    expect(await told(paymentRefundCompleted, { ...paid, amount_cents: 900 })).toEqual([]);
  });

  test("that failed before it was paid, and one of what was delivered, change nothing", async () => {
    const paid = payment();
    await told(paymentTransactionCompleted, paid);
    expect(await told(paymentRefundCompleted, paid)).toEqual([]);
    expect(await told(paymentRefundFailed, { ...paid, was_completed: false })).toEqual([]);
    expect(await told(paymentRefundFailed, payment())).toEqual([]);
    expect(await told(paymentRefundFailed, { ...payment(), was_completed: true })).toEqual([]);
  });

  test("of a payment whose amount nobody told is due again as a whole", async () => {
    const { amount_cents: _untold, ...paid } = payment();
    // As programs of before told of it.
    const write = async (type: string, payload: object) => {
      const meta = { schema_version: 1, producer: "python", source_module: "payment" };
      const entry = { id: crypto.randomUUID(), type, source: "python", tenant_id: tenant };
      const more = { timestamp: "2026-03-01T10:00:00.000Z", meta: JSON.stringify(meta) };
      const fields = Object.entries({ ...entry, ...more, payload: JSON.stringify(payload) });
      await engine.redis("XADD", engine.stream, "*", ...fields.flat());
      await engine.settle();
      return alertsOf(paid.payment_id);
    };
    expect(await write("payment.transaction.completed", paid)).toHaveLength(1);
    expect(await write("payment.refund.completed", paid)).toEqual([]);
    const [alert] = await write("payment.refund.failed", { ...paid, was_completed: true });
    expect(alert?.message).toContain("with intent_id int-1 and its amount");
  });
});
