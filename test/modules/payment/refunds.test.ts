import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fourEyes } from "../../../src/modules/payment/refund-policy.ts";
import { heldByRefunds, insertRefund } from "../../../src/modules/payment/refund-store.ts";
import { decideRefund } from "../../../src/modules/payment/state.ts";
import { wholeDay } from "../../whole-day.ts";
import {
  base,
  buy,
  createPaymentEngine,
  eventsOf,
  intend,
  ledgerOf,
  outcomesOf,
  type PaymentEngine,
  readIntent,
  refund,
  typesOf,
} from "./stripe-fixture.ts";

let engine: PaymentEngine;
beforeAll(async () => {
  engine = await createPaymentEngine();
});
afterAll(() => engine?.cleanup());

interface StoredRefund {
  readonly id: string;
  readonly status: string;
  readonly amount_cents: number;
  readonly requested_by: string;
}

const refundsOf = (intentId: string) =>
  engine.sql<StoredRefund>(
    "SELECT id, status, amount_cents, requested_by FROM paycore_refunds WHERE intent_id = $1 ORDER BY created_at",
    [intentId],
  );

/** Waits until the webhooks that the refund caused are through. */
const settled = () => engine.stripe.delivered();

async function paymentIdOf(sessionId: string): Promise<string> {
  return engine.stripe.account.session(sessionId).payment_intent ?? "";
}

describe("a refund", () => {
  test("of a paid payment goes to Stripe, and completes once", async () => {
    const { intentId, courseId, userId } = await buy(engine);
    // Its webhooks come after the answer; the other way round is a test of its own.
    engine.stripe.setEndpoint(null);
    const actor = { "x-actor-id": "clerk-1" };
    const body = { intent_id: intentId, amount_cents: 4_900, reason: "changed my mind" };
    const answer = await refund(engine, body, actor);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      intent_id: intentId,
      status: "succeeded",
      amount_cents: 4_900,
      reason: "changed my mind",
      requested_by: "clerk-1",
      approved_by: null,
      tenant_id: "tenant_a",
    });
    await settled();
    engine.stripe.setEndpoint(`${base}/webhooks/stripe`);
    const told = [...engine.stripe.account.events.values()].findLast(({ type }) => type === "refund.created");
    expect(await engine.stripe.resend(told?.id ?? "")).toBe(200);
    const id = answer.body.refund_id;
    const read = await engine.request("GET", `${base}/refunds/${id}`);
    expect(read.body).toMatchObject({
      status: "succeeded",
      provider_refund_id: expect.stringMatching(/^re_/),
      transaction_id: expect.any(String),
    });
    const paid = await readIntent(engine, intentId);
    const events = await eventsOf(engine, intentId);
    expect(events.map(({ type }) => type)).toEqual([
      "payment.intent.created",
      "payment.transaction.completed",
      "payment.refund.requested",
      "payment.refund.completed",
    ]);
    // The same payment id as when it was paid: by it the others find what they gave for it.
    expect(events[3]?.payload).toEqual({
      payment_id: paid.transaction_id,
      intent_id: intentId,
      refund_id: id,
      user_id: userId,
      tenant_id: "tenant_a",
      course_id: courseId,
      amount_cents: 4_900,
      currency: "EUR",
      provider: "stripe",
      occurred_at: expect.any(String),
      reason: "changed my mind",
    });
    expect(events[2]?.payload).toMatchObject({ refund_id: id, reason: "changed my mind" });
    expect(events[2]?.actor_id).toBe("clerk-1");
    expect(events[3]?.causation_id).toBe(events[2]?.id);
    expect(await ledgerOf(engine, intentId)).toEqual(["payment_succeeded", "refund_succeeded"]);
    expect(await outcomesOf(engine, intentId)).toMatchObject({ "refund.created": "ignored" });
  });

  test("tells its reason without personal data, also one that an older release stored", async () => {
    const { intentId } = await buy(engine);
    const body = { intent_id: intentId, amount_cents: 4_900, reason: "asked by anna@example.org" };
    const refused = await refund(engine, body);
    expect(refused.status).toBe(422);
    expect(refused.body.error.details).toMatchObject([{ path: "reason" }]);
    engine.stripe.setRefundState("pending");
    const answer = await refund(engine, { ...body, reason: "asked for" });
    engine.stripe.setRefundState("succeeded");
    await settled();
    await engine.sql("UPDATE paycore_refunds SET reason = $2 WHERE id = $1", [
      answer.body.refund_id,
      body.reason,
    ]);
    await engine.atStripe(() =>
      engine.stripe.account.settleRefund(answer.body.provider_refund_id, "succeeded"),
    );
    expect((await eventsOf(engine, intentId)).at(-1)).toMatchObject({
      type: "payment.refund.completed",
      payload: { reason: "asked by [redacted]" },
    });
  });

  test("without a reason tells none", async () => {
    const { intentId } = await buy(engine);
    expect((await refund(engine, { intent_id: intentId, amount_cents: 100 })).status).toBe(201);
    await settled();
    const told = (await eventsOf(engine, intentId)).filter(({ type }) => type.startsWith("payment.refund."));
    expect(told).toHaveLength(2);
    for (const { payload } of told) expect(payload).not.toHaveProperty("reason");
  });

  test("that Stripe is still working on completes by webhook, once", async () => {
    const { intentId } = await buy(engine);
    engine.stripe.setRefundState("pending");
    const answer = await refund(engine, { intent_id: intentId, amount_cents: 900 });
    engine.stripe.setRefundState("succeeded");
    expect(answer.body).toMatchObject({ status: "processing" });
    await settled();
    expect(await typesOf(engine, intentId)).not.toContain("payment.refund.completed");
    await engine.atStripe(() =>
      engine.stripe.account.settleRefund(answer.body.provider_refund_id, "succeeded"),
    );
    await engine.atStripe(() =>
      engine.stripe.account.emit(
        "charge.refund.updated",
        engine.stripe.account.refund(answer.body.provider_refund_id),
      ),
    );
    const types = await typesOf(engine, intentId);
    expect(types.filter((type) => type === "payment.refund.completed")).toHaveLength(1);
    expect(await ledgerOf(engine, intentId)).toEqual(["payment_succeeded", "refund_succeeded"]);
  });

  test("that fails at Stripe frees its part of the payment", async () => {
    const { intentId } = await buy(engine);
    engine.stripe.setRefundState("pending");
    const answer = await refund(engine, { intent_id: intentId, amount_cents: 4_900 });
    engine.stripe.setRefundState("succeeded");
    await engine.atStripe(() => engine.stripe.account.settleRefund(answer.body.provider_refund_id, "failed"));
    expect((await engine.request("GET", `${base}/refunds/${answer.body.refund_id}`)).body).toMatchObject({
      status: "failed",
      failure_reason: "expired_or_canceled_card",
    });
    expect((await typesOf(engine, intentId)).at(-1)).toBe("payment.refund.failed");
    const again = await refund(engine, { intent_id: intentId, amount_cents: 4_900 });
    expect(again.body).toMatchObject({ status: "succeeded" });
  });

  test("that Stripe refuses has failed, and the caller learns why", async () => {
    const { intentId } = await buy(engine);
    engine.stripe.addFault({ path: "/v1/refunds", kind: "fail", status: 400, code: "charge_disputed" });
    const answer = await refund(engine, { intent_id: intentId, amount_cents: 900 });
    expect(answer.status).toBe(400);
    expect(answer.body.error.message).toContain("charge_disputed");
    expect(await refundsOf(intentId)).toMatchObject([{ id: answer.body.refund_id, status: "failed" }]);
    expect((await typesOf(engine, intentId)).at(-1)).toBe("payment.refund.failed");
  });

  test("with an Idempotency-Key is one refund however often it is asked for", async () => {
    const { intentId } = await buy(engine);
    const headers = { "idempotency-key": crypto.randomUUID(), "x-actor-id": "clerk-2" };
    const body = { intent_id: intentId, amount_cents: 900 };
    const answers = await Promise.all(Array.from({ length: 4 }, () => refund(engine, body, headers)));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(new Set(answers.map((answer) => answer.body.refund_id)).size).toBe(1);
    expect(await refundsOf(intentId)).toHaveLength(1);
    expect((await refund(engine, { ...body, amount_cents: 901 }, headers)).status).toBe(409);
    const other = await buy(engine);
    expect((await refund(engine, { ...body, intent_id: other.intentId }, headers)).status).toBe(409);
  });
});

describe("a refund is refused", () => {
  test("of a payment that was not received (409), or is unknown (404)", async () => {
    const { intentId } = await intend(engine);
    expect((await refund(engine, { intent_id: intentId, amount_cents: 1 })).status).toBe(409);
    const unknown = { intent_id: crypto.randomUUID(), amount_cents: 1 };
    expect((await refund(engine, unknown)).status).toBe(404);
    expect((await engine.request("GET", `${base}/refunds/${unknown.intent_id}`)).status).toBe(404);
  });

  test("of another tenant's payment (403)", async () => {
    const { intentId } = await buy(engine);
    const answer = await refund(engine, { intent_id: intentId, amount_cents: 1, tenant_id: "tenant_b" });
    expect(answer.status).toBe(403);
    const own = await refund(engine, { intent_id: intentId, amount_cents: 1, tenant_id: "tenant_a" });
    expect(own.status).toBe(201);
    const path = `${base}/refunds/${own.body.refund_id}`;
    expect((await engine.request("GET", `${path}?tenant_id=tenant_b`)).status).toBe(403);
  });

  test("over what is left (400), counting all refunds of the payment", async () => {
    const { intentId } = await buy(engine);
    expect((await refund(engine, { intent_id: intentId, amount_cents: 4_901 })).status).toBe(400);
    expect((await refund(engine, { intent_id: intentId, amount_cents: 4_000 })).status).toBe(201);
    const over = await refund(engine, { intent_id: intentId, amount_cents: 901 });
    expect(over.status).toBe(400);
    expect(over.body.error.message).toContain("900 left");
    expect((await refund(engine, { intent_id: intentId, amount_cents: 900 })).status).toBe(201);
    expect((await refund(engine, { intent_id: intentId, amount_cents: 1 })).status).toBe(400);
  });

  test.each([
    { amount_cents: 0 },
    { amount_cents: "1" },
    { reason: "x".repeat(501) },
    { reason: "a\u0000b" },
    { intent_id: "x" },
    { requested_by: "me" },
  ])("when it is not well-formed: %o (422)", async (changes) => {
    const { intentId } = await intend(engine);
    expect((await refund(engine, { intent_id: intentId, amount_cents: 1, ...changes })).status).toBe(422);
  });
});

describe("ten refunds of 60 % at once", () => {
  test("come to one", async () => {
    const { intentId, sessionId } = await buy(engine, { amount_cents: 1_000 });
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => refund(engine, { intent_id: intentId, amount_cents: 600 })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(9).fill(400)]);
    await settled();
    expect(await refundsOf(intentId)).toMatchObject([{ status: "succeeded", amount_cents: 600 }]);
    expect(engine.stripe.account.refundsOf(await paymentIdOf(sessionId))).toHaveLength(1);
    const completed = (await typesOf(engine, intentId)).filter((type) => type === "payment.refund.completed");
    expect(completed).toHaveLength(1);
  });

  test("come to more when each decides without the lock of the payment", async () => {
    const { intentId } = await buy(engine, { amount_cents: 1_000 });
    const { db } = engine.open();
    const now = new Date();
    let waiting = 10;
    let go: () => void = () => undefined;
    const allHaveRead = new Promise<void>((resolve) => {
      go = resolve;
    });
    const decide = () =>
      db.transaction(async (tx) => {
        const held = await heldByRefunds(tx, intentId);
        waiting -= 1;
        if (waiting === 0) go();
        await allHaveRead;
        const paid = { status: "succeeded", amountCents: 1_000 } as const;
        if (decideRefund(paid, held, 600, 10_000).kind !== "possible") return;
        await insertRefund(tx, {
          id: crypto.randomUUID(),
          intentId,
          tenantId: "tenant_a",
          amountCents: 600,
          status: "failed",
          requestedBy: "control",
          nextAttemptAt: now,
          createdAt: now,
          updatedAt: now,
        });
      });
    await Promise.all(Array.from({ length: 10 }, decide));
    expect((await refundsOf(intentId)).length).toBeGreaterThan(1);
  });
});

describe("above the threshold of 100.00", () => {
  test("a refund needs who asks and who approves, and they must differ (403)", async () => {
    const { intentId } = await buy(engine, { amount_cents: 50_000 });
    const body = { intent_id: intentId, amount_cents: 10_001 };
    const actor = { "x-actor-id": "clerk-3" };
    const refused = await refund(engine, body, actor);
    expect(refused.status).toBe(403);
    expect(refused.body.error.message).toContain("approved_by");
    expect((await refund(engine, { ...body, approved_by: "clerk-3" }, actor)).status).toBe(403);
    const nobody = await engine.request("POST", `${base}/refunds`, { ...body, approved_by: "boss-1" });
    expect(nobody.status).toBe(403);
    expect(nobody.body.error.message).toContain("x-actor-id");
    expect(await refundsOf(intentId)).toEqual([]);
    expect(await typesOf(engine, intentId)).not.toContain("payment.refund.requested");
    const allowed = await refund(engine, { ...body, approved_by: "boss-1" }, actor);
    expect(allowed.status).toBe(201);
    expect(allowed.body).toMatchObject({ requested_by: "clerk-3", approved_by: "boss-1" });
  });

  test("the sum counts, so that splitting a refund does not go round it", async () => {
    const { intentId } = await buy(engine, { amount_cents: 50_000 });
    expect((await refund(engine, { intent_id: intentId, amount_cents: 10_000 })).status).toBe(201);
    expect((await refund(engine, { intent_id: intentId, amount_cents: 1 })).status).toBe(403);
  });

  test("the default policy lets through two persons and nothing else", async () => {
    const ask = async (requestedBy: string | null, approvedBy: string | null) =>
      (
        await fourEyes.decide({
          intentId: "i",
          tenantId: "t",
          amountCents: 1,
          currency: "EUR",
          requestedBy,
          approvedBy,
        })
      ).allowed;
    expect(await ask("a", "b")).toBe(true);
    expect(await ask("a", "a")).toBe(false);
    expect(await ask("a", null)).toBe(false);
    expect(await ask(null, "b")).toBe(false);
    expect(await ask(null, null)).toBe(false);
  });
});

describe("a refund in Stripe's dashboard", () => {
  test("gets a row and completes, once, though three events tell of it", async () => {
    const { intentId, sessionId } = await buy(engine);
    const form = new URLSearchParams({ payment_intent: await paymentIdOf(sessionId) });
    const statuses = await engine.atStripe(() => {
      const made = engine.stripe.account.createRefund(form, "succeeded");
      engine.stripe.account.emit("refund.updated", made);
    });
    expect(statuses).toEqual({ "refund.created": 200, "charge.refunded": 200, "refund.updated": 200 });
    expect(await refundsOf(intentId)).toMatchObject([
      { status: "succeeded", amount_cents: 4_900, requested_by: "stripe_dashboard" },
    ]);
    const types = await typesOf(engine, intentId);
    expect(types.filter((type) => type === "payment.refund.completed")).toHaveLength(1);
    expect(types).not.toContain("payment.refund.requested");
    expect((await refund(engine, { intent_id: intentId, amount_cents: 1 })).status).toBe(400);
  });

  test("is found by asking Stripe when only the charge tells of it", async () => {
    const { intentId, sessionId } = await buy(engine);
    engine.stripe.setEndpoint(null);
    const form = new URLSearchParams({ payment_intent: await paymentIdOf(sessionId), amount: "1500" });
    engine.stripe.account.createRefund(form, "succeeded");
    await engine.stripe.delivered();
    engine.stripe.setEndpoint(`${base}/webhooks/stripe`);
    const told = [...engine.stripe.account.events.values()].findLast(
      ({ type }) => type === "charge.refunded",
    );
    engine.stripe.addFault({ path: "/v1/refunds", kind: "fail", status: 500 });
    // Without Stripe's answer nothing is noted, so the next delivery is not taken for a repetition.
    expect(await engine.stripe.resend(told?.id ?? "")).toBe(503);
    expect(await engine.stripe.resend(told?.id ?? "")).toBe(200);
    expect(await refundsOf(intentId)).toMatchObject([{ status: "succeeded", amount_cents: 1_500 }]);
    const [last] = (await eventsOf(engine, intentId)).slice(-1);
    expect(last).toMatchObject({ type: "payment.refund.completed", payload: { amount_cents: 1_500 } });
  });

  test("that is told before its payment is kept, and counts when the payment is told", async () => {
    const { intentId, sessionId } = await intend(engine);
    engine.stripe.setEndpoint(null);
    engine.stripe.account.pay(sessionId);
    const form = new URLSearchParams({ payment_intent: await paymentIdOf(sessionId) });
    engine.stripe.account.createRefund(form, "succeeded");
    await engine.stripe.delivered();
    engine.stripe.setEndpoint(`${base}/webhooks/stripe`);
    const find = (type: string) =>
      [...engine.stripe.account.events.values()].findLast((event) => event.type === type)?.id ?? "";
    // This one names the payment by Stripe's id only, which we cannot know yet.
    expect(await engine.stripe.resend(find("refund.created"))).toBe(200);
    expect(await engine.stripe.resend(find("charge.refunded"))).toBe(200);
    expect(await outcomesOf(engine, intentId)).toEqual({ "charge.refunded": "waiting" });
    expect(await engine.stripe.resend(find("checkout.session.completed"))).toBe(200);
    expect(await engine.sql("SELECT 1 FROM paycore_early_refunds")).toEqual([]);
    expect(await typesOf(engine, intentId)).toEqual([
      "payment.intent.created",
      "payment.transaction.completed",
      "payment.refund.completed",
    ]);
  });
});

describe("revenue", () => {
  test("counts what went back beside what came in", async () => {
    const today = await wholeDay();
    const tenant = `tenant-${crypto.randomUUID()}`;
    const { intentId } = await buy(engine, { tenant_id: tenant });
    await refund(engine, { intent_id: intentId, amount_cents: 900 });
    await refund(engine, { intent_id: intentId, amount_cents: 100 });
    await settled();
    const answer = await engine.request(
      "GET",
      `${base}/revenue?from=2026-01-01&to=${today}&tenant_id=${tenant}`,
    );
    const total = answer.body.days.reduce(
      (sum: number, day: Record<string, number>) => sum + (day.refund_total_cents ?? 0),
      0,
    );
    expect(total).toBe(1_000);
    expect(answer.body.days[0]).toMatchObject({ total_cents: 4_900, transaction_count: 1, refund_count: 2 });
  });
});
