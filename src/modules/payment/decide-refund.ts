import { ConflictError, ForbiddenError, NotFoundError, recordAction, type Tx } from "@brain/engine";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { visibleTenant } from "../../http/kit/tenants.ts";
import { publishRefund, source } from "./announce.ts";
import { requireStripe } from "./intents.ts";
import type { Intent, Refund } from "./model.ts";
import { findRefundInTx, updateRefund } from "./refund-store.ts";
import { askPolicy, handOver, readRefundOf, requirePossible } from "./refunds.ts";
import type { PaymentSettings } from "./settings.ts";
import { nextAttemptAt } from "./state.ts";
import { lockIntent, updateIntent } from "./store.ts";

/*
 * What a second person says to a refund that waits. Both are decided under the lock of the payment, so that of a yes and
 * a no at once one counts.
 */

/**
 * Approves a refund that waits for a second person: whoever sends the request. It is looked at once more, because others
 * may have taken their part of the payment meanwhile, and handed over. Again by the same one is harmless.
 *
 * @param reason as the audit keeps it
 * @throws {NotFoundError} no such refund
 * @throws {ForbiddenError} who approves is who asked, or nobody in particular; or the policy does not allow it
 * @throws {ConflictError} it does not wait for an approval, or the payment cannot be refunded
 * @throws {BadRequestError} more than is left
 * @throws {BadRequestError | UpstreamError} Stripe refused it: the refund has failed then
 */
export async function approveRefund(
  services: RequestServices,
  settings: PaymentSettings,
  id: string,
  reason: string | null,
): Promise<Refund> {
  const known = await readRefundOf(services, id, visibleTenant(services) ?? undefined);
  const actorId = requireNamed(services, "approves");
  const stripe = requireStripe(settings);
  const context = { source, tenant_id: known.tenantId, actor_id: actorId };
  const approved = await services.transact(context, async (tx, publish) => {
    const { intent, refund } = await lockRefund(tx, known);
    if (refund.status !== "unapproved") {
      if (refund.approvedBy === actorId) return refund;
      throw notWaiting(refund);
    }
    const { amountCents, requestedBy } = refund;
    await requirePossible(tx, intent, amountCents, settings);
    // Also where a second person is needed no more: it was asked for one.
    await askPolicy(services, settings, intent, { amountCents, requestedBy, approvedBy: actorId });
    const now = services.now();
    await noteDecision(services, tx, "payment.refund_approved", refund, reason);
    const news = { step: "refund_requested", now, actorId: requestedBy } as const;
    const lastEventId = await publishRefund(publish, intent, refund, news);
    await updateIntent(tx, intent.id, { lastEventId, updatedAt: now });
    return updateRefund(tx, refund.id, {
      status: "requested",
      approvedBy: actorId,
      nextAttemptAt: nextAttemptAt(now, 0),
      // The day for which calls are repeated begins with it.
      createdAt: now,
      updatedAt: now,
    });
  });
  return handOver(services, stripe, approved);
}

/**
 * Declines a refund that waits for a second person, for good: it is never handed over. Who asked for it may do so too,
 * because no money moves. No event tells of it, because none told that it was asked for. Again by the same one is
 * harmless, and the first reason stays.
 *
 * @throws {NotFoundError} no such refund
 * @throws {ForbiddenError} who declines is nobody in particular
 * @throws {ConflictError} it does not wait for an approval: it was approved, or somebody else declined it
 */
export async function declineRefund(services: RequestServices, id: string, reason: string): Promise<Refund> {
  const known = await readRefundOf(services, id, visibleTenant(services) ?? undefined);
  const actorId = requireNamed(services, "declines");
  const context = { source, tenant_id: known.tenantId, actor_id: actorId };
  return services.transact(context, async (tx) => {
    const { refund } = await lockRefund(tx, known);
    if (refund.status !== "unapproved") {
      if (refund.status === "declined" && refund.declinedBy === actorId) return refund;
      throw notWaiting(refund);
    }
    await noteDecision(services, tx, "payment.refund_declined", refund, reason);
    return updateRefund(tx, refund.id, {
      status: "declined",
      declinedBy: actorId,
      declinedReason: reason,
      updatedAt: services.now(),
    });
  });
}

/** @throws {ForbiddenError} the request says of nobody in particular that they decide */
function requireNamed({ actorId }: RequestServices, decides: "approves" | "declines"): string {
  if (actorId !== null) return actorId;
  throw new ForbiddenError(
    `The request does not say who ${decides} the refund. Send the x-actor-id header, or use a credential of a person.`,
  );
}

/** The refund and its payment, locked until the transaction ends. */
async function lockRefund(
  tx: Tx,
  known: Refund,
): Promise<{ readonly intent: Intent; readonly refund: Refund }> {
  const intent = await lockIntent(tx, known.intentId);
  const refund = await findRefundInTx(tx, known.id);
  if (intent === null || refund === null) throw new NotFoundError("The refund is gone.");
  return { intent, refund };
}

const notWaiting = ({ status }: Refund) =>
  new ConflictError(`The refund waits for no approval: it is ${status}.`);

/** Notes in the audit of operators who decided what, and why. */
function noteDecision(
  { actorId, requestId }: RequestServices,
  tx: Tx,
  action: string,
  { id, tenantId }: Refund,
  reason: string | null,
): Promise<void> {
  return recordAction(tx, {
    action,
    actorId,
    requestId,
    reason,
    filter: { refund: id, tenant_id: tenantId },
  });
}
