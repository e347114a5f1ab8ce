import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  base,
  buy,
  createPaymentEngine,
  eventsOf,
  intend,
  ledgerOf,
  olderSecret,
  outcomesOf,
  type PaymentEngine,
  readIntent,
  typesOf,
} from "./stripe-fixture.ts";

let engine: PaymentEngine;
beforeAll(async () => {
  engine = await createPaymentEngine();
});
afterAll(() => engine?.cleanup());

const url = `${base}/webhooks/stripe`;
const nowSeconds = () => Math.floor(Date.now() / 1000);

/** An event as Stripe would send it, with an id of its own. */
function event(type: string, object: Record<string, unknown>, id = `evt_${crypto.randomUUID()}`) {
  return { id, object: "event", api_version: "2024-06-20", created: nowSeconds(), type, data: { object } };
}

function sessionPaid(intentId: string, changes: Record<string, unknown> = {}) {
  return event("checkout.session.completed", {
    id: `cs_${crypto.randomUUID()}`,
    client_reference_id: intentId,
    metadata: { intent_id: intentId },
    payment_intent: `pi_${crypto.randomUUID()}`,
    payment_status: "paid",
    amount_total: 4_900,
    currency: "eur",
    ...changes,
  });
}

async function noteCount(): Promise<number> {
  const rows = await engine.sql<{ n: number }>("SELECT count(*)::int AS n FROM paycore_provider_events");
  return rows[0]?.n ?? -1;
}

describe("a webhook is believed", () => {
  test("without the key, when Stripe has signed it", async () => {
    const { intentId } = await intend(engine);
    const answer = await engine.webhook(sessionPaid(intentId));
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      success: true,
      processed: true,
      event_type: "checkout.session.completed",
      intent_id: intentId,
      transaction_id: (await readIntent(engine, intentId)).transaction_id,
    });
  });

  test("under the older of two secrets too", async () => {
    const { intentId } = await intend(engine);
    const answer = await engine.webhook(sessionPaid(intentId), { secret: olderSecret });
    expect(answer.body).toMatchObject({ processed: true });
  });
});

describe("a webhook is refused, and changes nothing,", () => {
  test.each([
    ["under another secret", { secret: "whsec_guessed" }],
    ["that is 301 s old", { time: nowSeconds() - 301 }],
    ["that comes from the future", { time: nowSeconds() + 400 }],
  ])("%s", async (_what, options) => {
    const { intentId } = await intend(engine);
    const before = await noteCount();
    const answer = await engine.webhook(sessionPaid(intentId), options);
    expect(answer.status).toBe(400);
    expect(await readIntent(engine, intentId)).toMatchObject({ status: "pending" });
    expect(await noteCount()).toBe(before);
  });

  test("without a signature, even with the key", async () => {
    const { intentId } = await intend(engine);
    const body = JSON.stringify(sessionPaid(intentId));
    expect((await engine.request("POST", url, body, { authorization: "" })).status).toBe(400);
    expect((await engine.request("POST", url, body)).status).toBe(400);
    expect(await readIntent(engine, intentId)).toMatchObject({ status: "pending" });
  });

  test("when a byte of its body is another", async () => {
    const { intentId } = await intend(engine);
    const body = JSON.stringify(sessionPaid(intentId));
    const { signWebhook } = await import("../../../workers/local/stripe/webhooks.ts");
    const { webhookSecret } = await import("./stripe-fixture.ts");
    const headers = { authorization: "", "stripe-signature": signWebhook(webhookSecret, body, nowSeconds()) };
    expect((await engine.request("POST", url, body.replace("4900", "4901"), headers)).status).toBe(400);
    // The same headers with the body that was signed are good.
    expect((await engine.request("POST", url, body, headers)).status).toBe(200);
  });

  test("when it is too long, before it is looked at", async () => {
    const answer = await engine.webhook({ ...event("a.b", {}), padding: "x".repeat(262_144) });
    expect(answer.status).toBe(413);
  });

  test.each(["{", "[]", '{"id":"evt_1"}', '{"id":"evt_1","type":"refund.created","data":{}}'])(
    "when it is signed but no event: %s",
    async (body) => {
      expect((await engine.webhook(body)).status).toBe(400);
    },
  );
});

describe("a webhook that is delivered again", () => {
  test("has no second effect", async () => {
    const { intentId } = await intend(engine);
    const told = sessionPaid(intentId);
    expect((await engine.webhook(told)).body).toMatchObject({ processed: true });
    const again = await engine.webhook(told);
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ processed: false, outcome: "repeated" });
    expect(await ledgerOf(engine, intentId)).toEqual(["payment_succeeded"]);
  });

  test("ten times at once has one effect", async () => {
    const { intentId } = await intend(engine);
    const told = sessionPaid(intentId);
    const answers = await Promise.all(Array.from({ length: 10 }, () => engine.webhook(told)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(answers.filter((answer) => answer.body.processed)).toHaveLength(1);
    expect(await typesOf(engine, intentId)).toEqual([
      "payment.intent.created",
      "payment.transaction.completed",
    ]);
  });

  test("and others that tell the same under other ids have one effect in all", async () => {
    const { intentId } = await intend(engine);
    const payment = `pi_${crypto.randomUUID()}`;
    const told = [
      sessionPaid(intentId, { payment_intent: payment }),
      sessionPaid(intentId, { payment_intent: payment }),
      event("payment_intent.succeeded", {
        id: payment,
        metadata: { intent_id: intentId },
        amount_received: 4_900,
        currency: "eur",
      }),
    ];
    const answers = await Promise.all(told.map((one) => engine.webhook(one)));
    expect(answers.map((answer) => answer.body.outcome).toSorted()).toEqual([
      "ignored",
      "ignored",
      "processed",
    ]);
    expect(await ledgerOf(engine, intentId)).toEqual(["payment_succeeded"]);
    expect((await typesOf(engine, intentId)).filter((type) => type.endsWith("completed"))).toHaveLength(1);
  });

  test("when the first delivery failed half-way is applied in full", async () => {
    const { intentId } = await intend(engine);
    const told = sessionPaid(intentId);
    await engine.sql("ALTER TABLE paycore_revenue_daily RENAME TO revenue_away");
    try {
      expect((await engine.webhook(told)).status).toBe(503);
    } finally {
      await engine.sql("ALTER TABLE revenue_away RENAME TO paycore_revenue_daily");
    }
    expect(await readIntent(engine, intentId)).toMatchObject({ status: "pending" });
    expect(await ledgerOf(engine, intentId)).toEqual([]);
    expect((await engine.webhook(told)).body).toMatchObject({ processed: true });
    expect(await ledgerOf(engine, intentId)).toEqual(["payment_succeeded"]);
  });
});

describe("what Stripe tells", () => {
  test("of a type that is none of ours is recorded and does nothing", async () => {
    const { intentId } = await intend(engine);
    const told = event("invoice.payment_succeeded", { id: "in_1", metadata: { intent_id: intentId } });
    const answer = await engine.webhook(told);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ processed: false, outcome: "recorded" });
    expect(
      await engine.sql("SELECT type, outcome FROM paycore_provider_events WHERE event_id = $1", [told.id]),
    ).toEqual([{ type: "invoice.payment_succeeded", outcome: "recorded" }]);
    expect(await readIntent(engine, intentId)).toMatchObject({ status: "pending" });
    expect(await ledgerOf(engine, intentId)).toEqual([]);
  });

  test.each([
    "v2.core.event_destination.ping",
    "v2.core.account[configuration.merchant].capability_status_updated",
    "a type of the future",
  ])("of the type %s, without an object, is recorded once and does nothing", async (type) => {
    const told = { id: `evt_${crypto.randomUUID()}`, object: "v2.core.event", type, livemode: false };
    expect((await engine.webhook(told)).body).toMatchObject({ success: true, outcome: "recorded" });
    expect((await engine.webhook(told)).body).toMatchObject({ success: true, outcome: "repeated" });
    const rows = "SELECT type, outcome FROM paycore_provider_events WHERE event_id = $1";
    expect(await engine.sql(rows, [told.id])).toEqual([{ type, outcome: "recorded" }]);
  });

  test("under an id that another type has is another event", async () => {
    const { intentId } = await intend(engine);
    const id = `evt_${crypto.randomUUID()}`;
    const failure = { id: "pi_y", metadata: { intent_id: intentId }, currency: "eur" };
    const ping = { id, object: "v2.core.event", type: "v2.core.event_destination.ping" };
    expect((await engine.webhook(ping)).body).toMatchObject({ outcome: "recorded" });
    const failed = event("payment_intent.payment_failed", failure, id);
    expect((await engine.webhook(failed)).body).toMatchObject({ outcome: "processed" });
    expect((await engine.webhook(failed)).body).toMatchObject({ outcome: "repeated" });
    const paid = { ...sessionPaid(intentId), id };
    expect((await engine.webhook(paid)).body).toMatchObject({ outcome: "processed" });
    expect(await ledgerOf(engine, intentId)).toEqual(["payment_failed", "payment_succeeded"]);
  });

  test("of a payment that is not ours is recorded, and not sent again for ever", async () => {
    const answer = await engine.webhook(sessionPaid(crypto.randomUUID()));
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ processed: false, outcome: "unmatched", intent_id: null });
    expect(engine.logs.some((line) => line.includes("not ours"))).toBe(true);
  });

  test("of a failure after the payment takes nothing back", async () => {
    const { intentId, sessionId } = await buy(engine);
    for (const late of [
      event("checkout.session.expired", { id: sessionId, metadata: { intent_id: intentId } }),
      event("payment_intent.payment_failed", {
        id: "pi_x",
        metadata: { intent_id: intentId },
        currency: "eur",
      }),
      event("payment_intent.canceled", { id: "pi_x", metadata: { intent_id: intentId }, currency: "eur" }),
    ]) {
      expect((await engine.webhook(late)).body).toMatchObject({ processed: false, outcome: "ignored" });
    }
    expect(await readIntent(engine, intentId)).toMatchObject({ status: "succeeded", failure_reason: null });
    expect(await ledgerOf(engine, intentId)).toEqual(["payment_succeeded"]);
  });

  test("of a payment after a decline is money received", async () => {
    const { intentId, sessionId } = await intend(engine);
    await engine.atStripe(() => engine.stripe.account.decline(sessionId));
    expect(await readIntent(engine, intentId)).toMatchObject({
      status: "failed",
      failure_reason: "generic_decline",
    });
    await engine.atStripe(() => engine.stripe.account.decline(sessionId));
    await engine.atStripe(() => engine.stripe.account.pay(sessionId));
    expect(await readIntent(engine, intentId)).toMatchObject({ status: "succeeded", failure_reason: null });
    expect(await ledgerOf(engine, intentId)).toEqual(["payment_failed", "payment_succeeded"]);
  });

  test("of a page that expired is a failure, of a payment that was cancelled a cancellation", async () => {
    const expired = await intend(engine);
    await engine.atStripe(() => engine.stripe.account.expire(expired.sessionId));
    expect(await readIntent(engine, expired.intentId)).toMatchObject({
      status: "failed",
      failure_reason: "checkout_expired",
    });
    const cancelled = await intend(engine);
    await engine.atStripe(() => engine.stripe.account.cancelPayment(cancelled.sessionId));
    expect(await readIntent(engine, cancelled.intentId)).toMatchObject({ status: "cancelled" });
    expect(await typesOf(engine, cancelled.intentId)).toEqual([
      "payment.intent.created",
      "payment.transaction.cancelled",
    ]);
    const [, event] = await eventsOf(engine, cancelled.intentId);
    expect(event?.payload).toMatchObject({ payment_id: cancelled.intentId, intent_id: cancelled.intentId });
  });

  test("of a bank transfer is waited for until the money is there", async () => {
    const { intentId, sessionId } = await intend(engine);
    await engine.atStripe(() => engine.stripe.account.pay(sessionId, "delayed"));
    expect(await readIntent(engine, intentId)).toMatchObject({ status: "pending" });
    await engine.atStripe(() => engine.stripe.account.settlePayment(sessionId, true));
    expect(await readIntent(engine, intentId)).toMatchObject({ status: "succeeded" });

    const refused = await intend(engine);
    await engine.atStripe(() => engine.stripe.account.pay(refused.sessionId, "delayed"));
    await engine.atStripe(() => engine.stripe.account.settlePayment(refused.sessionId, false));
    expect(await readIntent(engine, refused.intentId)).toMatchObject({ status: "failed" });
  });

  test.each([
    ["amount", { amount_total: 4_899 }],
    ["amount of nothing", { amount_total: null }],
    ["currency", { currency: "usd" }],
  ])(
    "of another %s than was asked for grants nothing, and the log asks for a person",
    async (_what, changes) => {
      const { intentId } = await intend(engine);
      const answer = await engine.webhook(sessionPaid(intentId, changes));
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ processed: false, outcome: "mismatch", intent_id: intentId });
      expect(await readIntent(engine, intentId)).toMatchObject({ status: "pending" });
      expect(await ledgerOf(engine, intentId)).toEqual([]);
      expect(await outcomesOf(engine, intentId)).toEqual({ "checkout.session.completed": "mismatch" });
      expect(engine.logs.some((line) => line.includes(intentId) && line.includes('"error"'))).toBe(true);
    },
  );

  test("before we know the page is matched by our own id", async () => {
    // Stripe's answer to the new session waits until the session is paid and its webhooks are through.
    engine.stripe.beforeNextSession(async (sessionId) => {
      engine.stripe.account.pay(sessionId);
      await engine.stripe.delivered();
    });
    const { intentId, sessionId, answer } = await intend(engine);
    expect(answer.body).toMatchObject({ status: "succeeded", checkout_url: null });
    expect(await readIntent(engine, intentId)).toMatchObject({
      status: "succeeded",
      provider_intent_id: sessionId,
    });
    expect(await ledgerOf(engine, intentId)).toEqual(["payment_succeeded"]);
  });
});

describe("bad signatures", () => {
  test("are limited to 120 a minute, and good ones go through all the same", async () => {
    const { intentId } = await intend(engine);
    const statuses: number[] = [];
    // A minute may end in between; then the count begins anew.
    for (let n = 0; n < 260 && !statuses.includes(429); n++) {
      statuses.push((await engine.webhook("{}", { secret: "whsec_guessed" })).status);
    }
    expect(statuses.at(-1)).toBe(429);
    expect(new Set(statuses)).toEqual(new Set([400, 429]));
    expect((await engine.webhook(sessionPaid(intentId))).body).toMatchObject({ processed: true });
  });
});
