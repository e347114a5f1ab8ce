import {
  BadRequestError,
  ConflictError,
  ForbiddenError,
  isUuid,
  NotFoundError,
  type Publish,
  type Tx,
} from "@brain/engine";
import { v4 as uuidv4 } from "uuid";
import { actorNamed } from "../../http/kit/acting.ts";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { tenantOf, visibleTenant } from "../../http/kit/tenants.ts";
import { textOfTenant } from "../of-tenant.ts";
import { publishRefund, source } from "./announce.ts";
import { applyRefund, stepRefund } from "./apply.ts";
import { type Refused, refusal, requireStripe, requireTenant, type World } from "./intents.ts";
import { refundsLimit } from "./limits.ts";
import type { Intent, Refund, RefundBody } from "./model.ts";
import { fourEyes, type RefundQuestion, whoAsks } from "./refund-policy.ts";
import {
  findRefund,
  findRefundInTx,
  findRefundOfRequest,
  heldByRefunds,
  insertRefund,
  takeUnsent,
} from "./refund-store.ts";
import { type RequestKey, requestKeyOf, requireSameRequest } from "./request-key.ts";
import type { PaymentSettings, StripeSettings } from "./settings.ts";
import { decideRefund, giveUpRefund, nextAttemptAt, refundStateOf } from "./state.ts";
import { findIntent, lockIntent, updateIntent } from "./store.ts";
import { createRefund } from "./stripe-client.ts";

export const refundRepairJob = "payment_refund_repair";
/** Asked for by the holder of the key, who did not say on whose behalf. */
const unnamedActor = "api";

/**
 * Stores a refund and hands it to Stripe. It is stored first, under the lock of its payment, so that refunds at once
 * cannot exceed what was paid; without an answer of Stripe it stays `requested` and the job goes on.
 *
 * @throws {NotFoundError} no such payment
 * @throws {ForbiddenError} another tenant is named, an approver by who may not act for others, or the policy does not
 *   allow it
 * @throws {ConflictError} the payment was not received, or the key belongs to another request
 * @throws {BadRequestError} more than is left
 * @throws {BadRequestError | UpstreamError} Stripe refused it: the refund has failed then
 */
export async function beginRefund(
  services: RequestServices,
  settings: PaymentSettings,
  body: RefundBody,
  idempotencyKey: string | undefined,
): Promise<{ readonly refund: Refund; readonly replayed: boolean }> {
  const named = tenantOf(services, body.tenant_id);
  // Who approves is somebody else than who acts, so only who may act for others can name them.
  if (body.approved_by !== undefined) actorNamed(services, "approved_by", body.approved_by);
  const known = await findIntent(services.db, body.intent_id, visibleTenant(services));
  if (known === null) throw new NotFoundError(`There is no payment with the id "${body.intent_id}".`);
  requireTenant(known.tenantId, named);
  await services.limit(refundsLimit, textOfTenant(known.tenantId, services.actorId ?? "-"));
  const stripe = requireStripe(settings);
  const key = await requestKeyOf(idempotencyKey, body, services.principal);
  const now = services.now();
  const stored = await services.transact(
    { source, tenant_id: known.tenantId, actor_id: services.actorId },
    async (tx, publish) => storeRefund({ tx, publish, services, settings, key, now }, body),
  );
  return { ...stored, refund: await handOver(services, stripe, stored.refund) };
}

/**
 * Hands a refund to Stripe that is asked for and, where it has to be, approved; any other stays as it is.
 *
 * @throws {BadRequestError | UpstreamError} Stripe refused it: the refund has failed then
 */
export async function handOver(
  services: RequestServices,
  stripe: StripeSettings,
  refund: Refund,
): Promise<Refund> {
  if (refund.status !== "requested") return refund;
  services.schedule(refundRepairJob, nextAttemptAt(services.now(), 0));
  const sent = await sendRefund(services, stripe, refund);
  if (sent.kind === "refused") throw refusal(sent, "refund", { refund_id: refund.id });
  return sent.refund;
}

interface Storing {
  readonly tx: Tx;
  readonly publish: Publish;
  readonly services: RequestServices;
  readonly settings: PaymentSettings;
  readonly key: RequestKey | null;
  readonly now: Date;
}

async function storeRefund(
  storing: Storing,
  body: RefundBody,
): Promise<{ readonly refund: Refund; readonly replayed: boolean }> {
  const { tx, publish, services, settings, key, now } = storing;
  const intent = await lockIntent(tx, body.intent_id);
  if (intent === null) throw new Error("A payment that was there is gone.");
  if (key !== null) {
    const first = await findRefundOfRequest(tx, intent.tenantId, key.key);
    if (first !== null) {
      requireSameRequest(key, first.requestHash);
      return { refund: first, replayed: true };
    }
  }
  const needsSecond = await requirePossible(tx, intent, body.amount_cents, settings);
  const awaits = needsSecond && body.await_approval && body.approved_by === undefined;
  if (awaits && services.actorId === null) throw new ForbiddenError(whoAsks);
  if (needsSecond && !awaits) {
    await askPolicy(services, settings, intent, {
      amountCents: body.amount_cents,
      requestedBy: services.actorId,
      approvedBy: body.approved_by ?? null,
    });
  }
  const refund = await insertRefund(tx, {
    id: uuidv4(),
    intentId: intent.id,
    tenantId: intent.tenantId,
    amountCents: body.amount_cents,
    reason: body.reason ?? null,
    status: awaits ? "unapproved" : "requested",
    requestedBy: services.actorId ?? unnamedActor,
    approvedBy: body.approved_by ?? null,
    nextAttemptAt: nextAttemptAt(now, 0),
    createdAt: now,
    updatedAt: now,
    ...(key === null ? {} : { idempotencyKey: key.key, requestHash: key.hash }),
  });
  // The same key on two payments at once: their locks are two, the key is one.
  if (refund === null) throw new ConflictError("This Idempotency-Key was used for another request.");
  // One that waits is told of when it is approved.
  if (awaits) return { refund, replayed: false };
  const { actorId } = services;
  const lastEventId = await publishRefund(publish, intent, refund, {
    step: "refund_requested",
    now,
    actorId,
  });
  await updateIntent(tx, intent.id, { lastEventId, updatedAt: now });
  return { refund, replayed: false };
}

/**
 * Whether a second person is needed for a refund that is possible. The payment is locked.
 *
 * @throws {ConflictError} the payment was not received
 * @throws {BadRequestError} more than is left
 */
export async function requirePossible(
  tx: Tx,
  intent: Intent,
  amountCents: number,
  settings: PaymentSettings,
): Promise<boolean> {
  const held = await heldByRefunds(tx, intent.id);
  const decision = decideRefund(intent, held, amountCents, settings.refundThresholdCents);
  switch (decision.kind) {
    case "not_paid":
      throw new ConflictError(
        `The payment is ${intent.status}; only one that has succeeded can be refunded.`,
      );
    case "too_much":
      throw new BadRequestError(
        `The refund is over what is left of the payment: ${amountCents} asked for, ${decision.left} left.`,
        { issues: [{ path: "amount_cents", message: `at most ${decision.left}` }] },
      );
    case "possible":
      if (intent.providerPaymentId === null) {
        throw new ConflictError("Stripe has not told yet under which id it was paid. Try again in a minute.");
      }
      return decision.needsPolicy;
  }
}

/** @throws {ForbiddenError} the policy does not allow it, or could not be asked */
export async function askPolicy(
  services: RequestServices,
  settings: PaymentSettings,
  intent: Intent,
  asked: Pick<RefundQuestion, "amountCents" | "requestedBy" | "approvedBy">,
): Promise<void> {
  const policy = settings.refundPolicy ?? fourEyes;
  let reason: string;
  try {
    const verdict = await policy.decide({
      intentId: intent.id,
      tenantId: intent.tenantId,
      currency: intent.currency,
      ...asked,
    });
    if (verdict.allowed) return;
    reason = verdict.reason;
  } catch (error) {
    // Fails closed: nobody is paid because the one who decides is away.
    services.log.error(
      { intent_id: intent.id, error_class: error instanceof Error ? error.name : typeof error },
      "The refund policy failed; the refund is refused.",
    );
    reason = "The refund policy could not be asked. Try again later.";
  }
  throw new ForbiddenError(reason);
}

export type Sent = { readonly kind: "sent"; readonly refund: Refund } | Refused;

/**
 * Hands a refund to Stripe, which pays it once however often it is handed over. Without an answer it stays as it is.
 */
export async function sendRefund(world: World, stripe: StripeSettings, refund: Refund): Promise<Sent> {
  const taken = await takeUnsent(world.db, refund.id, nextAttemptAt(world.now(), refund.attempts));
  const intent = await findIntent(world.db, refund.intentId);
  if (taken === null || intent?.providerPaymentId == null) {
    return { kind: "sent", refund: (await findRefund(world.db, refund.id)) ?? refund };
  }
  const answer = await createRefund(stripe, {
    refundId: taken.id,
    intentId: intent.id,
    paymentId: intent.providerPaymentId,
    amountCents: taken.amountCents,
  });
  switch (answer.kind) {
    case "no_answer":
      world.log.warn(
        { intent_id: intent.id, attempt: taken.attempts, reason: answer.reason },
        "Stripe gave no answer to a refund; it is asked again.",
      );
      // A webhook may have told us what this call could not.
      return { kind: "sent", refund: (await findRefund(world.db, taken.id)) ?? taken };
    case "refused":
      world.log.error(
        { intent_id: intent.id, status: answer.status, code: answer.code },
        "Stripe refused a refund.",
      );
      await failRefund(world, taken, `${answer.code}: ${answer.message}`.slice(0, 500));
      return answer;
    case "done": {
      const told = { ...answer.value, refundId: taken.id };
      const effect = await underLock(world, intent, (tx, publish, locked) =>
        applyRefund({ tx, publish, now: world.now(), providerEventId: null }, locked, told),
      );
      return { kind: "sent", refund: effect.refund ?? taken };
    }
  }
}

/** Ends a refund that will not be made; one that the provider told of meanwhile stays as it told. */
export async function failRefund(world: World, refund: Refund, reason: string): Promise<void> {
  const intent = await findIntent(world.db, refund.intentId);
  if (intent === null) return;
  await underLock(world, intent, async (tx, publish, locked) => {
    // Read under the lock: a webhook may have told of it meanwhile.
    const current = await findRefundInTx(tx, refund.id);
    const step = current === null ? null : giveUpRefund(refundStateOf(current));
    if (current === null || step === null) return;
    const applying = { tx, publish, now: world.now(), providerEventId: null };
    await stepRefund(applying, locked, current, step, { failureReason: reason });
  });
}

async function underLock<T>(
  world: World,
  intent: Intent,
  run: (tx: Tx, publish: Publish, locked: Intent) => Promise<T>,
): Promise<T> {
  return world.transact({ source, tenant_id: intent.tenantId }, async (tx, publish) => {
    const locked = await lockIntent(tx, intent.id);
    if (locked === null) throw new Error("A payment that was there is gone.");
    return run(tx, publish, locked);
  });
}

/**
 * @throws {NotFoundError} no such refund
 * @throws {ForbiddenError} it is another tenant's
 */
export async function readRefundOf(
  services: RequestServices,
  id: string,
  tenantId: string | undefined,
): Promise<Refund> {
  const named = tenantOf(services, tenantId);
  const refund = isUuid(id) ? await findRefund(services.db, id, visibleTenant(services)) : null;
  if (refund === null) throw new NotFoundError(`There is no refund with the id "${id.slice(0, 60)}".`);
  requireTenant(refund.tenantId, named);
  return refund;
}
