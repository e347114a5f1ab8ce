import { courseDistributionFailed } from "@brain/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventsOf, newCourse, tenant } from "./course-learning-fixtures.ts";
import { base, createPaymentEngine, type PaymentEngine } from "./stripe-fixture.ts";

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
  const [, path = "", body = ""] = /POST (\/\S+) (\{[^}]*\})/.exec(alert.message) ?? [];
  expect(path).toBe(`${base}/refunds`);

  // Exactly the request that the alert names.
  const refund = await engine.request("POST", path, body, { "x-actor-id": "clerk-1" });
  expect(refund.status, refund.text).toBe(201);
  expect(refund.body).toMatchObject({ status: "succeeded", amount_cents: 4_900, reason: "not delivered" });
  await engine.stripe.delivered();
  expect(await alertsOf(paymentId)).toHaveLength(1);
  await engine.settle();
  expect(await alertsOf(paymentId)).toEqual([]);
});
