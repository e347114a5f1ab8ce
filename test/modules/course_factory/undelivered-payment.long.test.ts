import { runAllBulkOperations } from "@brain/engine";
import {
  courseDistributionFailed,
  type PayloadOf,
  paymentRefundCompleted,
  paymentRefundFailed,
  paymentTransactionCompleted,
} from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../wait-for.ts";
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

const told = async (
  definition: typeof paymentTransactionCompleted | typeof paymentRefundCompleted | typeof paymentRefundFailed,
  payload: Told & Partial<PayloadOf<typeof paymentRefundFailed>>,
) => {
  await engine.publish({ source: "payment", tenant_id: payload.tenant_id }, (publish) =>
    publish(definition, payload),
  );
  await engine.settle();
  return alertsOf(payload.payment_id);
};

const newId = () => `pay-${crypto.randomUUID()}`;

const payment = () => ({
  payment_id: newId(),
  intent_id: "int-1",
  user_id: "user-7",
  tenant_id: tenant as string,
  // Nobody knows it.
  course_id: crypto.randomUUID() as string,
  amount_cents: 4_900,
  currency: "EUR",
  provider: "paypal" as const,
  occurred_at: "2026-11-21T09:00:00.000Z",
});
type Paid = ReturnType<typeof payment>;
/** Events may leave the tenant open. */
type Told = Omit<Paid, "tenant_id"> & { readonly tenant_id: string | null };

/** The last answer to the request that `course_distribution` still tries. */
async function failDistribution(courseId: string): Promise<void> {
  const payload = { course_id: courseId, error: "The course has no distribution.", retry_count: 4 };
  await engine.publish({ source: "course_distribution", tenant_id: tenant }, (publish) =>
    publish(courseDistributionFailed, payload),
  );
  await engine.settle();
}

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
    await failDistribution(courseId);
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

describe("a refund that comes before its delivery fails", () => {
  /** A payment and what is told of its refunds, all before `course_distribution` gives up. */
  const undelivered = async (
    ...refunds: { readonly refund_id: string; readonly amount_cents?: number; readonly cameBack?: true }[]
  ) => {
    const { courseId } = await newCourse(engine);
    await engine.settle();
    await removeEntry(courseId);
    const paid = { ...payment(), course_id: courseId };
    await engine.publish({ source: "payment", tenant_id: tenant }, async (publish) => {
      await publish(paymentTransactionCompleted, paid);
      for (const { cameBack, ...refund } of refunds) {
        await publish(paymentRefundCompleted, { ...paid, ...refund });
        if (cameBack) await publish(paymentRefundFailed, { ...paid, ...refund, was_completed: true });
      }
    });
    await engine.settle();
    await failDistribution(courseId);
    expect(await eventsOf(engine, courseId, "course.payment.failed")).toHaveLength(1);
    return paid;
  };

  test("of all leaves nothing due", async () => {
    const paid = await undelivered({ refund_id: "r-1" });
    expect(await alertsOf(paid.payment_id)).toEqual([]);
    const [failed] = await eventsOf(engine, paid.course_id, "course.payment.failed");
    expect(failed?.payload).toMatchObject({ refund_due: false, amount_cents: 4_900 });
    // It came back to us after all.
    const [alert] = await told(paymentRefundFailed, { ...paid, refund_id: "r-1", was_completed: true });
    expect(alert?.message).toContain('"amount_cents":4900,');
  });

  test("of a part leaves the rest due, and one that came back leaves all", async () => {
    const paid = await undelivered(
      { refund_id: "r-1", amount_cents: 900 },
      { refund_id: "r-2", amount_cents: 500, cameBack: true },
    );
    const [alert] = await alertsOf(paid.payment_id);
    expect(alert?.message).toContain('"amount_cents":4000,');
    expect(await told(paymentRefundCompleted, { ...paid, refund_id: "r-3", amount_cents: 4_000 })).toEqual(
      [],
    );
  });
});

describe("a refund that is told before its payment, where only one of both names the tenant,", () => {
  test.each([
    ["payment", tenant, null],
    ["refund", null, tenant],
  ])("the %s", async (_which, payer, teller) => {
    const paid = { ...payment(), tenant_id: payer };
    const back = { ...paid, tenant_id: teller };
    // All of it; a part, and the rest behind the payment; in parts; of another payment of the same id.
    const [whole, rest, parts, other] = [newId(), newId(), newId(), newId()];
    await told(paymentRefundCompleted, { ...back, payment_id: whole, refund_id: "r-1" });
    expect(await told(paymentTransactionCompleted, { ...paid, payment_id: whole })).toEqual([]);
    // Told again, it is no other payment.
    expect(await told(paymentTransactionCompleted, { ...paid, payment_id: whole })).toEqual([]);
    const reversed = { ...back, payment_id: whole, refund_id: "r-1", was_completed: true };
    expect(await told(paymentRefundFailed, reversed)).toHaveLength(1);

    await told(paymentRefundCompleted, { ...back, payment_id: rest, refund_id: "r-1", amount_cents: 900 });
    const [alert] = await told(paymentTransactionCompleted, { ...paid, payment_id: rest });
    expect(alert?.message).toContain('"amount_cents":4000,');
    const second = { ...back, payment_id: rest, refund_id: "r-2", amount_cents: 4_000 };
    expect(await told(paymentRefundCompleted, second)).toEqual([]);

    for (const [refund_id, amount_cents] of [
      ["r-1", 2_000],
      ["r-2", 2_900],
      ["r-2", 2_900],
    ] as const) {
      await told(paymentRefundCompleted, { ...back, payment_id: parts, refund_id, amount_cents });
    }
    expect(await told(paymentTransactionCompleted, { ...paid, payment_id: parts })).toEqual([]);

    // The control: a refund that names another tenant is none of this payment.
    if (payer !== null) {
      await told(paymentRefundCompleted, { ...paid, payment_id: other, tenant_id: "tenant-elsewhere" });
      expect(await told(paymentTransactionCompleted, { ...paid, payment_id: other })).toHaveLength(1);
    }
    expect(await engine.deadLetters("course_factory")).toEqual([]);
  });
});

test("a refund that came back is the payment's tenant's alert again, also when nobody names it", async () => {
  const paid = payment();
  const back = { ...paid, tenant_id: null, refund_id: "r-1" };
  expect(await told(paymentTransactionCompleted, paid)).toMatchObject([{ tenant_id: tenant }]);
  expect(await told(paymentRefundCompleted, back)).toEqual([]);
  expect(await told(paymentRefundFailed, { ...back, was_completed: true })).toMatchObject([
    { tenant_id: tenant },
  ]);
});

test("a forced replay gives the same sums", async () => {
  const paid = payment();
  await told(paymentTransactionCompleted, paid);
  await told(paymentRefundCompleted, { ...paid, refund_id: "r-1", amount_cents: 3_000 });
  await told(paymentRefundCompleted, { ...paid, refund_id: "r-2", amount_cents: 1_000 });
  await told(paymentRefundFailed, { ...paid, refund_id: "r-2", amount_cents: 1_000, was_completed: true });
  // Nobody named these two.
  await told(paymentRefundCompleted, { ...paid, amount_cents: 700 });
  await told(paymentRefundFailed, { ...paid, amount_cents: 200, was_completed: true });
  const sums = () =>
    engine.sql(
      "SELECT refunded_cents::int AS cents, settled_at FROM course_factory_refunds_due WHERE course_id = $1",
      [paid.course_id],
    );
  const before = await sums();
  expect(before).toEqual([{ cents: 3_500, settled_at: null }]);
  for (const name of ["once more", "and again"]) {
    const replay = { subscriber: "course_factory", name, mode: "force", reason: "a test of sums" };
    const started = await engine.request("POST", "/api/replays", replay);
    expect(started.status, started.text).toBeLessThan(300);
    await eventually(async () => {
      await runAllBulkOperations(engine.open(), Date.now() + 20_000);
      const { body } = await engine.request("GET", `/api/replays/${started.body.id}`);
      expect(body).toMatchObject({ status: "completed" });
    });
    expect(await sums()).toEqual(before);
  }
});

describe("a payment id that another tenant told of first", () => {
  const foreigner = "tenant-elsewhere";
  const alertFor = async (paymentId: string, tenantId: string) =>
    (await engine.request("GET", "/api/alerts?status=open")).body.alerts.filter(
      ({ subject, tenant_id }: { subject: string; tenant_id: string }) =>
        subject.startsWith(paymentId) && tenant_id === tenantId,
    );

  test("is due for both, and each ends its own", async () => {
    const paid = payment();
    const theirs = { ...paid, tenant_id: foreigner };
    await told(paymentRefundCompleted, { ...theirs, refund_id: "r-0" });
    await told(paymentTransactionCompleted, { ...theirs, amount_cents: 5_000 });
    await told(paymentTransactionCompleted, paid);
    expect(await alertFor(paid.payment_id, foreigner)).toHaveLength(1);
    expect(await alertFor(paid.payment_id, tenant)).toHaveLength(1);
    await told(paymentRefundCompleted, { ...theirs, amount_cents: 100, refund_id: "r-1" });
    expect(await alertFor(paid.payment_id, foreigner)).toEqual([]);
    expect(await alertFor(paid.payment_id, tenant)).toHaveLength(1);
    await told(paymentRefundCompleted, { ...paid, refund_id: "r-1" });
    expect(await alertFor(paid.payment_id, tenant)).toEqual([]);
    expect(await engine.deadLetters("course_factory")).toEqual([]);
  });

  test("is delivered for both", async () => {
    const paymentId = `pay-${crypto.randomUUID()}`;
    const made = [await newCourse(engine, { tenant_id: foreigner }), await newCourse(engine)];
    await engine.settle();
    const [theirs, ours] = made.map(({ courseId }) => courseId);
    for (const [course_id = "", tenant_id] of [
      [theirs, foreigner],
      [ours, tenant],
    ] as const) {
      await told(paymentTransactionCompleted, { ...payment(), payment_id: paymentId, course_id, tenant_id });
    }
    const deliveries = await engine.sql(
      "SELECT course_id, status FROM course_factory_deliveries WHERE payment = $1 ORDER BY requested_at",
      [paymentId],
    );
    expect(deliveries).toEqual([
      { course_id: theirs, status: "delivered" },
      { course_id: ours, status: "delivered" },
    ]);
  });
});
