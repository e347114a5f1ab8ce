import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  base,
  buy,
  createPaymentEngine,
  eventsOf,
  intend,
  knowCourse,
  ledgerOf,
  type PaymentEngine,
  readIntent,
  refund,
  runJob,
  typesOf,
} from "./stripe-fixture.ts";

// A system of its own for each test: the jobs look at everything that waits.
let engine: PaymentEngine;
beforeEach(async () => {
  engine = await createPaymentEngine();
  await knowCourse(engine, "course-1");
});
afterEach(() => engine?.cleanup());

const post = (headers: Record<string, string> = {}) =>
  engine.request(
    "POST",
    `${base}/intents`,
    { amount_cents: 4_900, user_id: "user-1", metadata: { course_id: "course-1" } },
    headers,
  );
const newSessions = () => engine.stripe.calls.filter((call) => call === "POST /v1/checkout/sessions").length;
const sessions = () => [...engine.stripe.account.sessions.values()];

describe("a new payment", () => {
  test("whose process died before it called Stripe gets its page from the job", async () => {
    // Stripe refuses before it has done anything: what is stored is what a crash before the call leaves.
    engine.stripe.addFault({ path: "/v1/checkout", kind: "fail", status: 503 });
    const answer = await post();
    expect(answer.status).toBe(503);
    const intentId = answer.body.intent_id;
    expect(await readIntent(engine, intentId)).toMatchObject({ status: "created", provider_intent_id: null });
    expect(sessions()).toEqual([]);
    await runJob(engine, "paycore_intents");
    const [session] = sessions();
    expect(await readIntent(engine, intentId)).toMatchObject({
      status: "pending",
      provider_intent_id: session?.id,
      checkout_url: session?.url,
    });
    await engine.atStripe(() => engine.stripe.account.pay(session?.id ?? ""));
    expect(await readIntent(engine, intentId)).toMatchObject({ status: "succeeded" });
  });

  test("whose answer was lost has one session and one charge, whoever repeats the call", async () => {
    engine.stripe.addFault({ path: "/v1/checkout", kind: "drop_reply" });
    const headers = { "idempotency-key": "order-1" };
    const lost = await post(headers);
    expect(lost.status).toBe(503);
    expect(sessions()).toHaveLength(1);
    // The caller asks again, and the job does too.
    const again = await post(headers);
    expect(again.status).toBe(201);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.body).toMatchObject({
      intent_id: lost.body.intent_id,
      status: "pending",
      provider_intent_id: sessions()[0]?.id,
    });
    await runJob(engine, "paycore_intents");
    expect(sessions()).toHaveLength(1);
    await engine.atStripe(() => engine.stripe.account.pay(again.body.provider_intent_id));
    expect(engine.stripe.account.charges.size).toBe(1);
    expect(await ledgerOf(engine, again.body.intent_id)).toEqual(["payment_succeeded"]);
    expect(await typesOf(engine, again.body.intent_id)).toEqual([
      "payment.intent.created",
      "payment.transaction.completed",
    ]);
  });

  test("without a key of its own would be a second one, so the test above can fail", async () => {
    engine.stripe.addFault({ path: "/v1/checkout", kind: "drop_reply" });
    await post();
    await post();
    expect(sessions()).toHaveLength(2);
  });

  test("is left alone by the job until its time has come", async () => {
    engine.stripe.addFault({ path: "/v1/checkout", kind: "fail", status: 500 });
    await post();
    await engine.cron();
    expect(newSessions()).toBe(1);
  });

  test("gets its page at once when somebody asks for it", async () => {
    engine.stripe.addFault({ path: "/v1/checkout", kind: "fail", status: 500 });
    const { intent_id: intentId } = (await post()).body;
    const path = `${base}/intents/${intentId}/checkout`;
    const opened = await engine.request("POST", path);
    expect(opened.body).toMatchObject({ status: "pending", checkout_url: expect.any(String) });
    expect((await engine.request("POST", path)).body.checkout_url).toBe(opened.body.checkout_url);
    expect(sessions()).toHaveLength(1);
    expect((await engine.request("POST", `${path}?tenant_id=tenant_b`)).status).toBe(403);
  });

  test("is asked for again under the same key, when Stripe gave no answer", async () => {
    for (let call = 0; call < 2; call += 1)
      engine.stripe.addFault({ path: "/v1/checkout", kind: "fail", status: 500 });
    const path = `${base}/intents/${(await post()).body.intent_id}/checkout`;
    const open = () => engine.request("POST", path, undefined, { "idempotency-key": "k-1" });
    expect((await open()).status).toBe(503);
    expect((await open()).body).toMatchObject({ status: "pending", checkout_url: expect.any(String) });
    expect(sessions()).toHaveLength(1);
  });

  test("is given up after a day, and money that comes all the same counts", async () => {
    engine.stripe.addFault({ path: "/v1/checkout", kind: "drop_reply" });
    const { intent_id: intentId } = (await post()).body;
    await engine.sql("UPDATE paycore_intents SET created_at = now() - interval '1 day'");
    await runJob(engine, "paycore_intents");
    expect(await readIntent(engine, intentId)).toMatchObject({
      status: "failed",
      failure_reason: "Stripe gave no answer for a day.",
    });
    await engine.atStripe(() => engine.stripe.account.pay(sessions()[0]?.id ?? ""));
    expect(await readIntent(engine, intentId)).toMatchObject({ status: "succeeded" });
    expect(await typesOf(engine, intentId)).toEqual([
      "payment.intent.created",
      "payment.transaction.failed",
      "payment.transaction.completed",
    ]);
  });

  test("is repaired by two jobs at once without a second session", async () => {
    engine.stripe.addFault({ path: "/v1/checkout", kind: "fail", status: 500 });
    const { intent_id: intentId } = (await post()).body;
    await Promise.all([runJob(engine, "paycore_intents"), runJob(engine, "paycore_intents")]);
    expect(sessions()).toHaveLength(1);
    expect(await readIntent(engine, intentId)).toMatchObject({ status: "pending" });
  });
});

describe("a refund", () => {
  test("whose answer was lost is paid once, by the job or its webhook", async () => {
    const { intentId, sessionId } = await buy(engine);
    // Without webhooks, so that the job has something to do.
    engine.stripe.setEndpoint(null);
    engine.stripe.addFault({ path: "/v1/refunds", kind: "drop_reply" });
    const answer = await refund(engine, { intent_id: intentId, amount_cents: 4_900 });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ status: "requested", provider_refund_id: null });
    await runJob(engine, "paycore_refunds");
    const paymentId = engine.stripe.account.session(sessionId).payment_intent ?? "";
    const [made, ...others] = engine.stripe.account.refundsOf(paymentId);
    expect(others).toEqual([]);
    const read = await engine.request("GET", `${base}/refunds/${answer.body.refund_id}`);
    expect(read.body).toMatchObject({ status: "succeeded", provider_refund_id: made?.id });
    engine.stripe.setEndpoint(`${base}/webhooks/stripe`);
    await engine.atStripe(() => engine.stripe.account.emit("refund.updated", made ?? {}));
    const types = await typesOf(engine, intentId);
    expect(types.filter((type) => type === "payment.refund.completed")).toHaveLength(1);
  });

  test("whose webhook is faster than the answer completes by the webhook, and the job finds nothing to do", async () => {
    const { intentId } = await buy(engine);
    engine.stripe.addFault({ path: "/v1/refunds", kind: "drop_reply" });
    const answer = await refund(engine, { intent_id: intentId, amount_cents: 900 });
    await engine.stripe.delivered();
    const read = await engine.request("GET", `${base}/refunds/${answer.body.refund_id}`);
    expect(read.body).toMatchObject({ status: "succeeded", requested_by: answer.body.requested_by });
    const calls = engine.stripe.calls.length;
    await runJob(engine, "paycore_refunds");
    expect(engine.stripe.calls.length).toBe(calls);
    expect(await ledgerOf(engine, intentId)).toEqual(["payment_succeeded", "refund_succeeded"]);
  });

  test("is given up after a day, and one that was paid all the same counts", async () => {
    const { intentId, sessionId } = await buy(engine);
    engine.stripe.setEndpoint(null);
    engine.stripe.addFault({ path: "/v1/refunds", kind: "drop_reply" });
    const answer = await refund(engine, { intent_id: intentId, amount_cents: 4_900 });
    await engine.sql("UPDATE paycore_refunds SET created_at = now() - interval '1 day'");
    await runJob(engine, "paycore_refunds");
    const path = `${base}/refunds/${answer.body.refund_id}`;
    expect((await engine.request("GET", path)).body).toMatchObject({ status: "failed" });
    engine.stripe.setEndpoint(`${base}/webhooks/stripe`);
    const paymentId = engine.stripe.account.session(sessionId).payment_intent ?? "";
    const [made] = engine.stripe.account.refundsOf(paymentId);
    await engine.atStripe(() => engine.stripe.account.emit("refund.updated", made ?? {}));
    expect((await engine.request("GET", path)).body).toMatchObject({ status: "succeeded" });
    expect((await eventsOf(engine, intentId)).map(({ type }) => type).slice(-2)).toEqual([
      "payment.refund.failed",
      "payment.refund.completed",
    ]);
  });
});

describe("a page that a payment never had", () => {
  test("does not keep the job busy: it is due again later, not at once", async () => {
    engine.stripe.addFault({ path: "/v1/checkout", kind: "fail", status: 500 });
    const { intentId } = await intend(engine).catch(() => ({ intentId: "" }));
    expect(intentId).toBe("");
    engine.stripe.addFault({ path: "/v1/checkout", kind: "fail", status: 500 });
    await runJob(engine, "paycore_intents");
    const [row] = await engine.sql<{ attempts: number; wait: number }>(
      "SELECT attempts, extract(epoch FROM next_attempt_at - now())::int AS wait FROM paycore_intents",
    );
    expect(row?.attempts).toBe(2);
    expect(row?.wait).toBeGreaterThan(100);
  });
});
