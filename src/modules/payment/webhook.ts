import { BadRequestError, type Publish, TransientError, type Tx } from "@brain/engine";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { source } from "./announce.ts";
import { type Applying, applyPayment, applyRefund } from "./apply.ts";
import { lockProviderPayment, rememberRefunds, takeEarlyRefunds } from "./early-refunds.ts";
import { claimProviderEvent, noteProviderOutcome } from "./ledger-store.ts";
import { refusedWebhooksLimit } from "./limits.ts";
import type { Intent } from "./model.ts";
import type { PaymentSettings, StripeSettings } from "./settings.ts";
import { signatureProblem } from "./signature.ts";
import { isOurs, lockIntentOf, updateIntent } from "./store.ts";
import { listRefunds } from "./stripe-client.ts";
import {
  type PaymentRefs,
  type ProviderEvent,
  type ProviderFact,
  type ProviderRefund,
  readStripeEvent,
} from "./stripe-events.ts";
import type { ProviderEventOutcome } from "./tables.ts";

/** Longest webhook that is read; Stripe's are a few KiB. */
export const maxWebhookBytes = 262_144;
export interface WebhookAnswer {
  readonly event_id: string;
  readonly event_type: string;
  /** True when this delivery changed something. */
  readonly processed: boolean;
  /** `repeated`: it was delivered before. */
  readonly outcome: ProviderEventOutcome | "repeated";
  readonly intent_id: string | null;
  readonly transaction_id: string | null;
}

/**
 * Checks the signature of a webhook and applies its event, once however often it is delivered: the event's row, the
 * ledger, the state and our own events commit together. A refund that is told before its payment is kept until then.
 *
 * @throws {TransientError} no signing secret is configured: nothing unsigned is ever believed
 * @throws {BadRequestError} the signature is not good
 * @throws {TooManyRequestsError} too many bad signatures; signed events are not counted
 */
export async function receiveStripeEvent(
  services: RequestServices,
  settings: PaymentSettings,
  body: Uint8Array,
  signature: string | null,
): Promise<WebhookAnswer> {
  const { stripe } = settings;
  if (stripe === null) {
    throw new TransientError(
      "Webhooks of Stripe are not taken: Stripe is not configured. Set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET.",
    );
  }
  const problem = await signatureProblem(
    body,
    signature,
    stripe.webhookSecrets,
    stripe.toleranceSeconds,
    services.now(),
  );
  if (problem !== null) {
    await services.limit(refusedWebhooksLimit);
    services.log.warn({ problem }, "A webhook was refused: its signature is not good.");
    throw new BadRequestError(
      "The stripe-signature header is missing, too old, or does not match the body. Only Stripe calls this route.",
    );
  }
  const event = readStripeEvent(body);
  const fact = await completeFact(services, stripe, event.fact);
  return services.transact({ source }, (tx, publish) =>
    applyEvent(services, tx, publish, { ...event, fact }),
  );
}

/** Asks Stripe for the refunds of a charge that does not list them. */
async function completeFact(
  services: RequestServices,
  stripe: StripeSettings,
  fact: ProviderFact,
): Promise<ProviderFact> {
  if (fact.kind !== "ask_refunds") return fact;
  const { refs } = fact;
  let refunds: readonly ProviderRefund[] = [];
  if (refs.paymentId !== null && (await isOurs(services.db, refs))) {
    const answer = await listRefunds(stripe, refs.paymentId);
    if (answer.kind !== "done") {
      throw new TransientError("Stripe did not tell the refunds of this charge. Send the event again.");
    }
    refunds = answer.value;
  }
  return { kind: "refunds", refs, refunds };
}

interface Effect {
  readonly outcome: ProviderEventOutcome;
  readonly intentId: string | null;
  readonly transactionId: string | null;
}

const nothing = (outcome: ProviderEventOutcome, intentId: string | null = null): Effect => ({
  outcome,
  intentId,
  transactionId: null,
});

async function applyEvent(
  services: RequestServices,
  tx: Tx,
  publish: Publish,
  event: ProviderEvent,
): Promise<WebhookAnswer> {
  const now = services.now();
  const answer = (effect: Effect, outcome: WebhookAnswer["outcome"]): WebhookAnswer => ({
    event_id: event.id,
    event_type: event.type,
    processed: outcome === "processed",
    outcome,
    intent_id: effect.intentId,
    transaction_id: effect.transactionId,
  });
  if (!(await claimProviderEvent(tx, { id: event.id, type: event.type, receivedAt: now }))) {
    return answer(nothing("ignored"), "repeated");
  }
  const { fact } = event;
  if (fact.kind === "unknown" || fact.kind === "ask_refunds") return answer(nothing("recorded"), "recorded");
  const applying = { tx, publish, now, providerEventId: event.id };
  const effect = await applyFact(services, applying, fact);
  logOddity(services, event, effect);
  await noteProviderOutcome(tx, event, effect.outcome, effect.intentId);
  return answer(effect, effect.outcome);
}

type KnownFact = Exclude<ProviderFact, { kind: "unknown" } | { kind: "ask_refunds" }>;

async function applyFact(services: RequestServices, applying: Applying, fact: KnownFact): Promise<Effect> {
  const { tx } = applying;
  const { paymentId } = fact.refs;
  // Before the payment's own lock, always: whoever tells of the same payment of the provider waits here.
  if (paymentId !== null) await lockProviderPayment(tx, paymentId);
  const found = await lockIntentOf(tx, fact.refs);
  if (found === null) {
    if (fact.kind === "refunds" && paymentId !== null)
      await rememberRefunds(applying, paymentId, fact.refunds);
    return nothing("unmatched");
  }
  const intent = await learnIds(applying, found, fact.refs, fact.kind === "waiting");
  const { effect, after } = await applyTo(services, applying, intent, fact);
  const isNewlyKnown = found.status !== "succeeded" || found.providerPaymentId === null;
  if (isNewlyKnown && after.status === "succeeded" && after.providerPaymentId !== null) {
    let current = after;
    for (const early of await takeEarlyRefunds(tx, after.providerPaymentId)) {
      const at = { ...applying, providerEventId: early.providerEventId };
      current = (await applyRefunds(services, at, current, [early])).after;
    }
  }
  return effect;
}

interface Applied {
  readonly effect: Effect;
  readonly after: Intent;
}

async function applyTo(
  services: RequestServices,
  applying: Applying,
  intent: Intent,
  fact: KnownFact,
): Promise<Applied> {
  switch (fact.kind) {
    case "waiting":
      return { effect: nothing("ignored", intent.id), after: intent };
    case "refunds":
      if (intent.status === "succeeded") return applyRefunds(services, applying, intent, fact.refunds);
      // Stripe keeps no order: what is told of money that went back waits for the money that came in.
      if (intent.providerPaymentId !== null) {
        await rememberRefunds(applying, intent.providerPaymentId, fact.refunds);
      }
      return { effect: nothing("waiting", intent.id), after: intent };
    case "payment": {
      const { money } = fact;
      if (
        money !== null &&
        (money.amountCents !== intent.amountCents || money.currency !== intent.currency)
      ) {
        return { effect: nothing("mismatch", intent.id), after: intent };
      }
      const data = { session: fact.refs.sessionId, payment: fact.refs.paymentId, reason: fact.reason };
      const applied = await applyPayment(applying, intent, { fact: fact.fact, reason: fact.reason, data });
      if (applied === null) return { effect: nothing("ignored", intent.id), after: intent };
      return {
        effect: { outcome: "processed", intentId: intent.id, transactionId: applied.transactionId },
        after: applied.intent,
      };
    }
  }
}

/** Keeps the provider's ids that were not known; the webhook may be faster than the answer to our own call. */
async function learnIds(
  { tx, now }: Applying,
  intent: Intent,
  refs: PaymentRefs,
  opens: boolean,
): Promise<Intent> {
  const learned = {
    ...(intent.providerIntentId === null && refs.sessionId !== null
      ? { providerIntentId: refs.sessionId }
      : {}),
    ...(intent.providerPaymentId === null && refs.paymentId !== null
      ? { providerPaymentId: refs.paymentId }
      : {}),
    ...(opens && intent.status === "created" ? { status: "pending" as const } : {}),
  };
  if (Object.keys(learned).length === 0) return intent;
  return updateIntent(tx, intent.id, { ...learned, updatedAt: now });
}

async function applyRefunds(
  services: RequestServices,
  applying: Applying,
  intent: Intent,
  refunds: readonly ProviderRefund[],
): Promise<Applied> {
  let after = intent;
  let outcome: ProviderEventOutcome = "ignored";
  let transactionId: string | null = null;
  for (const told of refunds) {
    const effect = await applyRefund(applying, after, told);
    after = effect.intent;
    if (effect.outcome === "processed") transactionId = effect.transactionId ?? transactionId;
    if (effect.isReversed) {
      services.log.error(
        { intent_id: intent.id, refund_id: effect.refund?.id },
        "A refund that was paid has failed: the money is back with us, and the payer has again what was bought. Refund it another way.",
      );
    }
    if (effect.outcome !== "ignored" && outcome !== "mismatch") outcome = effect.outcome;
  }
  return { effect: { outcome, intentId: intent.id, transactionId }, after };
}

function logOddity({ log }: RequestServices, event: ProviderEvent, effect: Effect): void {
  const fields = { provider_event_type: event.type, intent_id: effect.intentId };
  if (effect.outcome === "unmatched") log.warn(fields, "A webhook is about a payment that is not ours.");
  if (effect.outcome === "mismatch") {
    log.error(
      fields,
      "Money came in another amount or currency than was asked for; nothing was granted. Look at it in Stripe's dashboard.",
    );
  }
}
