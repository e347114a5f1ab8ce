import type { Answer } from "@brain/engine/testing";
import { expect } from "vitest";
import { type StripeStandIn, startStripeStandIn } from "../../../workers/local/stripe/stand-in.ts";
import { signWebhook } from "../../../workers/local/stripe/webhooks.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";

/** The product with a Stripe of its own, whose webhooks come back to it. */

export const base = "/api/paycore";
export const webhookSecret = "whsec_newest";
export const olderSecret = "whsec_older";

export interface PaymentEngine extends TestEngine {
  readonly stripe: StripeStandIn;
  /** A signed webhook with this body; `time` in seconds, now by default. */
  webhook(body: unknown, options?: { readonly secret?: string; readonly time?: number }): Promise<Answer>;
  /** Does something at Stripe, and waits until its events were delivered. @returns the statuses of their answers */
  atStripe(run: () => void): Promise<Record<string, number>>;
}

/** @param env overrides of the environment */
export async function createPaymentEngine(
  env: Readonly<Record<string, string>> = {},
): Promise<PaymentEngine> {
  let engine: TestEngine | null = null;
  const stripe = await startStripeStandIn({
    secretKey: "sk_of_the_tests",
    webhookSecret,
    retryDelaysMs: [],
    send: async (path, headers, body) =>
      (await engine?.app.request(path, { method: "POST", headers, body }))?.status ?? 0,
  });
  stripe.setEndpoint(`${base}/webhooks/stripe`);
  engine = await createTestEngine({
    STRIPE_API_URL: stripe.url,
    STRIPE_SECRET_KEY: "sk_of_the_tests",
    STRIPE_WEBHOOK_SECRET: `${webhookSecret},${olderSecret}`,
    BRAIN_PUBLIC_URL: "https://courses.example",
    ...env,
  });
  const running = engine;
  return {
    ...running,
    stripe,
    webhook(body, { secret = webhookSecret, time = Math.floor(Date.now() / 1000) } = {}) {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const headers = { authorization: "", "stripe-signature": signWebhook(secret, text, time) };
      return running.request("POST", `${base}/webhooks/stripe`, text, headers);
    },
    async atStripe(run) {
      const before = (await stripe.delivered()).length;
      run();
      const after = (await stripe.delivered()).slice(before);
      return Object.fromEntries(after.map(({ type, status }) => [type, status]));
    },
    async cleanup() {
      await stripe.close();
      await running.cleanup();
    },
  };
}

export interface Bought {
  readonly intentId: string;
  readonly sessionId: string;
  readonly courseId: string;
  readonly userId: string;
}

/** Has the catalogue know a course that was made elsewhere. @returns its id */
export async function knowCourse(
  engine: TestEngine,
  courseId: string = crypto.randomUUID(),
): Promise<string> {
  await engine.sql("INSERT INTO course_distribution_courses (course_id) VALUES ($1)", [courseId]);
  return courseId;
}

/** A new intent for a course, as a user of its own, so that no limit is met. */
export async function intend(
  engine: PaymentEngine,
  changes: Record<string, unknown> = {},
): Promise<Bought & { readonly answer: Answer }> {
  const courseId = await knowCourse(engine);
  const userId = `user-${crypto.randomUUID()}`;
  const body = {
    amount_cents: 4_900,
    currency: "eur",
    tenant_id: "tenant_a",
    user_id: userId,
    metadata: { course_id: courseId },
    ...changes,
  };
  const answer = await engine.request("POST", `${base}/intents`, body, { "x-actor-id": userId });
  expect(answer.status, answer.text).toBe(201);
  const { intent_id: intentId, provider_intent_id: sessionId } = answer.body;
  return { intentId, sessionId, courseId, userId, answer };
}

/** An intent that is paid. */
export async function buy(engine: PaymentEngine, changes: Record<string, unknown> = {}): Promise<Bought> {
  const bought = await intend(engine, changes);
  const statuses = await engine.atStripe(() => engine.stripe.account.pay(bought.sessionId));
  expect(statuses["checkout.session.completed"]).toBe(200);
  return bought;
}

export async function readIntent(engine: PaymentEngine, id: string) {
  const answer = await engine.request("GET", `${base}/intents/${id}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.body;
}

/** As an actor of its own, so that no limit is met. */
export function refund(
  engine: PaymentEngine,
  body: Record<string, unknown>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const actor = { "x-actor-id": `clerk-${crypto.randomUUID()}` };
  return engine.request("POST", `${base}/refunds`, body, { ...actor, ...headers });
}

interface Recorded {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly key: string;
  readonly tenant_id: string | null;
  readonly actor_id: string | null;
  readonly correlation_id: string | null;
  readonly causation_id: string | null;
  readonly meta: Record<string, unknown>;
  readonly payload: Record<string, unknown>;
}

/** The events of one payment, in the order they were recorded. */
export function eventsOf(engine: TestEngine, intentId: string): Promise<Recorded[]> {
  return engine.sql<Recorded>(
    `SELECT id, type, source, key, tenant_id, actor_id, correlation_id, causation_id, meta, payload
     FROM events WHERE payload->>'intent_id' = $1 ORDER BY position`,
    [intentId],
  );
}

export async function typesOf(engine: TestEngine, intentId: string): Promise<string[]> {
  return (await eventsOf(engine, intentId)).map(({ type }) => type);
}

/** The kinds of ledger entries of one payment, in order. */
export async function ledgerOf(engine: TestEngine, intentId: string): Promise<string[]> {
  const rows = await engine.sql<{ event_type: string }>(
    "SELECT event_type FROM paycore_transactions WHERE intent_id = $1 ORDER BY created_at, event_type",
    [intentId],
  );
  return rows.map((row) => row.event_type);
}

/** What became of the signed events of a payment, by type. */
export async function outcomesOf(engine: TestEngine, intentId: string): Promise<Record<string, string>> {
  const rows = await engine.sql<{ type: string; outcome: string }>(
    "SELECT type, outcome FROM paycore_provider_events WHERE intent_id = $1",
    [intentId],
  );
  return Object.fromEntries(rows.map(({ type, outcome }) => [type, outcome]));
}

/** Lets a waiting job run as if its time had come. */
export async function runJob(
  engine: TestEngine,
  table: "paycore_intents" | "paycore_refunds",
): Promise<void> {
  await engine.sql(`UPDATE ${table} SET next_attempt_at = now() - interval '1 second'`);
  const name = table === "paycore_intents" ? "payment_checkout_repair" : "payment_refund_repair";
  const job = engine.system.jobs.get(name);
  if (job === undefined) throw new Error(`the system has no job ${name}`);
  const { scheduleJob } = await import("../../../src/engine/dispatch/scheduled-jobs.ts");
  await scheduleJob(engine.open(), name, new Date(0));
  await engine.cron();
}
