import type { Answer } from "@brain/engine/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { subscriber } from "../course_access/fixtures.ts";
import {
  type Bought,
  base,
  createPaymentEngine,
  eventsOf,
  intend,
  type PaymentEngine,
  readIntent,
  refund,
  runJob,
} from "./stripe-fixture.ts";

/*
 * Stripe keeps no order, so the same facts must come to the same state in whatever order they are told: of the payment,
 * of its refund, of the ledger, of the day's sums and of the right that the payer bought. Both modules run here.
 */

let engine: PaymentEngine;
beforeAll(async () => {
  engine = await createPaymentEngine();
  // Every fact is told by the test, and none by the stand-in.
  engine.stripe.setEndpoint(null);
});
afterAll(() => engine?.cleanup());

interface Case extends Bought {
  readonly tenant: string;
  readonly paymentId: string;
  readonly providerRefundId: string;
  /** Ours, when we asked for the refund; null for one of Stripe's dashboard. */
  readonly refundId: string | null;
}

const event = (type: string, object: Record<string, unknown>) => ({
  id: `evt_${crypto.randomUUID()}`,
  object: "event",
  created: 1,
  type,
  data: { object },
});

const session = (bought: Case, changes: Record<string, unknown> = {}) => ({
  id: bought.sessionId,
  client_reference_id: bought.intentId,
  metadata: { intent_id: bought.intentId },
  payment_intent: bought.paymentId,
  payment_status: "paid",
  amount_total: 4_900,
  currency: "eur",
  ...changes,
});

const payment = (bought: Case) => ({
  id: bought.paymentId,
  metadata: { intent_id: bought.intentId },
  amount_received: 4_900,
  currency: "eur",
});

const refundObject = (bought: Case, status: string) => ({
  id: bought.providerRefundId,
  object: "refund",
  amount: 4_900,
  currency: "eur",
  status,
  failure_reason: status === "failed" ? "expired_or_canceled_card" : null,
  payment_intent: bought.paymentId,
  metadata: bought.refundId === null ? {} : { refund_id: bought.refundId, intent_id: bought.intentId },
});

const charge = (bought: Case, status: string) => ({
  id: `ch_${bought.paymentId}`,
  payment_intent: bought.paymentId,
  metadata: { intent_id: bought.intentId },
  refunds: { data: [refundObject(bought, status)], has_more: false },
});

/** Every event that we act on, by a name of its own, and what it tells. */
const told = {
  "session paid": ["paid", (bought: Case) => event("checkout.session.completed", session(bought))],
  "session paid late": [
    "paid",
    (bought: Case) => event("checkout.session.async_payment_succeeded", session(bought)),
  ],
  "payment succeeded": ["paid", (bought: Case) => event("payment_intent.succeeded", payment(bought))],
  "session waiting": [
    "waiting",
    (bought: Case) => event("checkout.session.completed", session(bought, { payment_status: "unpaid" })),
  ],
  "session failed late": [
    "declined",
    (bought: Case) => event("checkout.session.async_payment_failed", session(bought)),
  ],
  "session expired": ["declined", (bought: Case) => event("checkout.session.expired", session(bought))],
  "payment declined": ["declined", (bought: Case) => event("payment_intent.payment_failed", payment(bought))],
  "payment cancelled": ["cancelled", (bought: Case) => event("payment_intent.canceled", payment(bought))],
  "refund created": [
    "back later",
    (bought: Case) => event("refund.created", refundObject(bought, "pending")),
  ],
  "refund created, done": [
    "back",
    (bought: Case) => event("refund.created", refundObject(bought, "succeeded")),
  ],
  "refund done": ["back", (bought: Case) => event("refund.updated", refundObject(bought, "succeeded"))],
  "charge refunded": ["back", (bought: Case) => event("charge.refunded", charge(bought, "succeeded"))],
  "charge's refund done": [
    "back",
    (bought: Case) => event("charge.refund.updated", refundObject(bought, "succeeded")),
  ],
  "refund cancelled": [
    "not back",
    (bought: Case) => event("refund.updated", refundObject(bought, "canceled")),
  ],
  "refund failed": ["not back", (bought: Case) => event("refund.failed", refundObject(bought, "failed"))],
} as const;
type Name = keyof typeof told;
const names = Object.keys(told) as Name[];

async function begin(): Promise<Case> {
  const tenant = `tenant-${crypto.randomUUID()}`;
  const bought = await intend(engine, { tenant_id: tenant });
  return {
    ...bought,
    tenant,
    paymentId: `pi_${crypto.randomUUID()}`,
    providerRefundId: `re_${crypto.randomUUID()}`,
    refundId: null,
  };
}

async function tell(bought: Case, order: readonly Name[]): Promise<void> {
  for (const name of order) {
    const answer = await engine.webhook(told[name][1](bought));
    expect(answer.status, answer.text).toBe(200);
  }
}

/** What these facts come to, in whatever order: the rule, written down once more. */
function expectedOf(order: readonly Name[], isAsked = false) {
  const facts = new Set<string>(order.map((name) => told[name][0]));
  const isPaid = facts.has("paid");
  const states = { "not back": "failed", back: "succeeded", "back later": "processing" };
  const heaviest = (["not back", "back", "back later"] as const).find((fact) => facts.has(fact));
  const known = heaviest === undefined ? (isAsked ? "requested" : null) : states[heaviest];
  const refunded = isPaid ? known : null;
  const unpaid = facts.has("cancelled") ? "cancelled" : facts.has("declined") ? "failed" : "pending";
  return {
    intent: isPaid ? "succeeded" : unpaid,
    refund: refunded,
    received: isPaid ? 4_900 : 0,
    paidBack: refunded === "succeeded" ? 4_900 : 0,
    dayReceived: isPaid ? 4_900 : 0,
    dayPaidBack: refunded === "succeeded" ? 4_900 : 0,
    dayRefunds: refunded === "succeeded" ? 1 : 0,
    access: isPaid ? (refunded === "succeeded" ? "revoked" : "active") : "none",
  };
}

async function stateOf(bought: Case, mostRefunds = 1): Promise<ReturnType<typeof expectedOf>> {
  const [money] = await engine.sql<{ received: number; paid_back: number }>(
    `SELECT COALESCE(sum(amount_cents) FILTER (WHERE event_type = 'payment_succeeded'), 0)::int AS received,
       COALESCE(sum(CASE event_type WHEN 'refund_succeeded' THEN amount_cents
         WHEN 'refund_reversed' THEN -amount_cents ELSE 0 END), 0)::int AS paid_back
     FROM paycore_transactions WHERE intent_id = $1`,
    [bought.intentId],
  );
  const [day] = await engine.sql<{ total: number; back: number; count: number }>(
    `SELECT COALESCE(sum(total_cents), 0)::int AS total, COALESCE(sum(refund_total_cents), 0)::int AS back,
       COALESCE(sum(refund_count), 0)::int AS count FROM paycore_revenue_daily WHERE tenant_id = $1`,
    [bought.tenant],
  );
  const refunds = await engine.sql<{ status: string }>(
    "SELECT status FROM paycore_refunds WHERE intent_id = $1",
    [bought.intentId],
  );
  expect(refunds.length).toBeLessThanOrEqual(mostRefunds);
  const query = `user_id=${bought.userId}&tenant_id=${bought.tenant}`;
  const access: Answer = await engine.request("GET", `/api/course-access/${bought.courseId}?${query}`);
  return {
    intent: (await readIntent(engine, bought.intentId)).status,
    refund: refunds[0]?.status ?? null,
    received: money?.received ?? -1,
    paidBack: money?.paid_back ?? -1,
    dayReceived: day?.total ?? -1,
    dayPaidBack: day?.back ?? -1,
    dayRefunds: day?.count ?? -1,
    access: access.body.status,
  };
}

/** The consumer of access handles all that was told. */
async function grant(): Promise<void> {
  await engine.relay();
  await engine.drain(subscriber);
  expect(await engine.deadLetters(subscriber)).toEqual([]);
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}

async function checkAll(cases: readonly { readonly bought: Case; readonly order: readonly Name[] }[]) {
  await grant();
  for (const { bought, order } of cases) {
    expect(await stateOf(bought), order.join(", ")).toEqual(expectedOf(order, bought.refundId !== null));
  }
}

describe("two facts come to the same in both orders:", () => {
  test.each(names)("%s, and each of the others", async (first) => {
    const cases: { bought: Case; order: Name[] }[] = [];
    for (const second of names) {
      const bought = await begin();
      const order = [first, second];
      await tell(bought, order);
      cases.push({ bought, order });
    }
    await checkAll(cases);
  });
});

describe("facts of a whole payment come to the same in every order:", () => {
  test.each([
    [
      "paid, refunded, and the refund failed",
      ["session paid", "refund created", "refund done", "refund failed"],
    ],
    ["paid, refunded, told by the charge", ["payment succeeded", "refund created", "charge refunded"]],
    ["declined, cancelled, and paid", ["payment declined", "payment cancelled", "session paid"]],
    ["declined, paid and refunded", ["payment declined", "session paid", "refund created, done"]],
    ["expired, waiting and cancelled", ["session expired", "session waiting", "payment cancelled"]],
  ] as const)("%s", async (_what, facts) => {
    const cases: { bought: Case; order: Name[] }[] = [];
    for (const order of permutations<Name>(facts)) {
      const bought = await begin();
      await tell(bought, order);
      cases.push({ bought, order });
    }
    await checkAll(cases);
  });

  test.each([false, true])("of a refund that we asked for, given up before: %s", async (isGivenUp) => {
    const cases: { bought: Case; order: Name[] }[] = [];
    for (const order of permutations<Name>(["refund created", "refund done", "refund failed"])) {
      const started = await begin();
      await tell(started, ["session paid"]);
      engine.stripe.addFault({ path: "/v1/refunds", kind: "fail", status: 500 });
      const answer = await refund(engine, { intent_id: started.intentId, amount_cents: 4_900 });
      expect(answer.body).toMatchObject({ status: "requested" });
      const bought = { ...started, refundId: answer.body.refund_id };
      cases.push({ bought, order: ["session paid", ...order] });
    }
    if (isGivenUp) {
      await engine.sql(
        "UPDATE paycore_refunds SET created_at = now() - interval '1 day' WHERE status = 'requested'",
      );
      await runJob(engine, "paycore_refunds");
    }
    for (const { bought, order } of cases) await tell(bought, order.slice(1));
    await checkAll(cases);
  });
});

/** A refund of a part, made in Stripe's dashboard, and its end. */
const part = (bought: Case, name: string, amount: number, status: string) => ({
  ...refundObject(bought, status),
  id: `${bought.providerRefundId}_${name}`,
  amount,
  metadata: {},
});

/** What is told of a payment of 49.00 that goes back in two parts, and of a dispute about it. */
const toldOfParts = {
  paid: (bought: Case) => event("checkout.session.completed", session(bought)),
  "20.00 back": (bought: Case) => event("refund.updated", part(bought, "a", 2_000, "succeeded")),
  "29.00 back": (bought: Case) => event("refund.created", part(bought, "b", 2_900, "succeeded")),
  "29.00 failed": (bought: Case) => event("refund.failed", part(bought, "b", 2_900, "failed")),
  "both, by the charge": (bought: Case) =>
    event("charge.refunded", {
      ...charge(bought, "succeeded"),
      refunds: {
        data: [part(bought, "a", 2_000, "succeeded"), part(bought, "b", 2_900, "succeeded")],
        has_more: false,
      },
    }),
  disputed: (bought: Case) =>
    event("charge.dispute.created", {
      id: `dp_${bought.paymentId}`,
      amount: 4_900,
      status: "needs_response",
    }),
} as const;

describe("a payment that goes back in parts comes to the same in every order:", () => {
  test.each([
    [["paid", "20.00 back", "29.00 back"], 4_900, "revoked"],
    [["paid", "20.00 back", "29.00 back", "29.00 failed"], 2_000, "active"],
    [["paid", "29.00 back", "both, by the charge"], 4_900, "revoked"],
    [["paid", "20.00 back", "disputed"], 2_000, "active"],
  ] as const)("%s", async (facts, paidBack, access) => {
    const cases: { bought: Case; order: readonly (keyof typeof toldOfParts)[] }[] = [];
    for (const order of permutations<keyof typeof toldOfParts>(facts)) {
      const bought = await begin();
      for (const name of order) expect((await engine.webhook(toldOfParts[name](bought))).status).toBe(200);
      cases.push({ bought, order });
    }
    await grant();
    for (const { bought, order } of cases) {
      const { refund: _one, dayRefunds: _count, ...state } = await stateOf(bought, 2);
      expect(state, order.join(", ")).toEqual({
        intent: "succeeded",
        received: 4_900,
        paidBack,
        dayReceived: 4_900,
        dayPaidBack: paidBack,
        access,
      });
    }
  });
});

describe("a refund and its payment at once", () => {
  test("find each other, whoever is first", async () => {
    const cases = await Promise.all(Array.from({ length: 12 }, begin));
    await Promise.all(
      cases.flatMap((bought) => [tell(bought, ["refund done"]), tell(bought, ["session paid"])]),
    );
    await checkAll(cases.map((bought) => ({ bought, order: ["session paid", "refund done"] })));
  });
});

describe("a refund that was paid and fails afterwards", () => {
  test("gives the money, the right and the possibility of a refund back, and says so", async () => {
    const { intentId, sessionId, courseId, userId } = await intend(engine);
    engine.stripe.account.pay(sessionId);
    await deliver();
    const first = await refund(engine, { intent_id: intentId, amount_cents: 4_900 });
    expect(first.body).toMatchObject({ status: "succeeded" });
    await deliver();
    await grant();
    const read = () =>
      engine.request("GET", `/api/course-access/${courseId}?user_id=${userId}&tenant_id=tenant_a`);
    expect((await read()).body).toMatchObject({ status: "revoked" });
    expect((await refund(engine, { intent_id: intentId, amount_cents: 1 })).status).toBe(400);

    engine.stripe.account.settleRefund(first.body.provider_refund_id, "failed");
    await deliver();
    await grant();
    expect((await engine.request("GET", `${base}/refunds/${first.body.refund_id}`)).body).toMatchObject({
      status: "failed",
      failure_reason: "expired_or_canceled_card",
      transaction_id: null,
    });
    expect((await read()).body).toMatchObject({ has_access: true, status: "active" });
    const entries = await engine.sql<{ event_type: string }>(
      "SELECT event_type FROM paycore_transactions WHERE intent_id = $1 ORDER BY created_at",
      [intentId],
    );
    expect(entries.map((entry) => entry.event_type)).toEqual([
      "payment_succeeded",
      "refund_succeeded",
      "refund_reversed",
    ]);
    const events = await eventsOf(engine, intentId);
    expect(events.at(-1)).toMatchObject({
      type: "payment.refund.failed",
      payload: { refund_id: first.body.refund_id, amount_cents: 4_900, was_completed: true },
    });
    expect(
      engine.logs.some((line) => line.includes(intentId) && line.includes("the money is back with us")),
    ).toBe(true);

    const again = await refund(engine, { intent_id: intentId, amount_cents: 4_900 });
    expect(again.body).toMatchObject({ status: "succeeded" });
    await deliver();
    await grant();
    expect((await read()).body).toMatchObject({ status: "revoked" });
  });

  test("gives nothing back that an operator took away meanwhile", async () => {
    const bought = await begin();
    await tell(bought, ["session paid", "refund done"]);
    await grant();
    const body = { user_id: bought.userId, tenant_id: bought.tenant, reason: "abuse" };
    const revoked = await engine.request("POST", `/api/course-access/${bought.courseId}/revoke`, body);
    expect(revoked.status, revoked.text).toBe(200);
    await tell(bought, ["refund failed"]);
    await grant();
    expect((await stateOf(bought)).access).toBe("revoked");
  });
});

const delivered = new Set<string>();
/** Delivers what came to be at the stand-in, which keeps its webhooks back. */
async function deliver(): Promise<void> {
  for (const id of [...engine.stripe.account.events.keys()]) {
    if (delivered.has(id)) continue;
    delivered.add(id);
    const event = engine.stripe.account.events.get(id);
    expect((await engine.webhook(event)).status).toBe(200);
  }
}
