import { ConflictError, ForbiddenError, NotFoundError, recordAction } from "@brain/engine";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { visibleTenant } from "../../http/kit/tenants.ts";
import { publishRefund, source } from "./announce.ts";
import { requireStripe } from "./intents.ts";
import type { Refund } from "./model.ts";
import { findRefundInTx, updateRefund } from "./refund-store.ts";
import { askPolicy, handOver, readRefundOf, requirePossible } from "./refunds.ts";
import type { PaymentSettings } from "./settings.ts";
import { nextAttemptAt } from "./state.ts";
import { lockIntent, updateIntent } from "./store.ts";

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
  const { actorId } = services;
  if (actorId === null) {
    throw new ForbiddenError(
      "The request does not say who approves the refund. Send the x-actor-id header, or use a credential of a person.",
    );
  }
  const stripe = requireStripe(settings);
  const context = { source, tenant_id: known.tenantId, actor_id: actorId };
  const approved = await services.transact(context, async (tx, publish) => {
    const intent = await lockIntent(tx, known.intentId);
    const refund = await findRefundInTx(tx, known.id);
    if (intent === null || refund === null) throw new NotFoundError("The refund is gone.");
    if (refund.status !== "unapproved") {
      if (refund.approvedBy === actorId) return refund;
      throw new ConflictError(`The refund waits for no approval: it is ${refund.status}.`);
    }
    const { amountCents, requestedBy } = refund;
    await requirePossible(tx, intent, amountCents, settings);
    // Also where a second person is needed no more: it was asked for one.
    await askPolicy(services, settings, intent, { amountCents, requestedBy, approvedBy: actorId });
    const now = services.now();
    const { requestId } = services;
    const filter = { refund: refund.id, tenant_id: refund.tenantId };
    await recordAction(tx, { action: "payment.refund_approved", actorId, requestId, reason, filter });
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
