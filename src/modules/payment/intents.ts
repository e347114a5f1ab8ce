import {
  BadRequestError,
  BrainError,
  type ErrorCode,
  ForbiddenError,
  isUuid,
  NotFoundError,
  newEventId,
  TransientError,
  UpstreamError,
  ValidationError,
} from "@brain/engine";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { tenantOf, visibleTenant } from "../../http/kit/tenants.ts";
import { textOfTenant } from "../of-tenant.ts";
import { readerOf } from "../reader.ts";
import { publishCreated, source, storyOf } from "./announce.ts";
import { applyPayment } from "./apply.ts";
import { intentsLimit } from "./limits.ts";
import type { Intent, IntentRequest } from "./model.ts";
import { defaultTenant, newIntent } from "./new-intent.ts";
import { publishRequired, refusalOfPurchase } from "./purchase.ts";
import { type RequestKey, requestKeyOf, requireSameRequest } from "./request-key.ts";
import type { PaymentSettings, StripeSettings } from "./settings.ts";
import { nextAttemptAt } from "./state.ts";
import {
  findIntent,
  findIntentOfRequest,
  insertIntent,
  lockIntent,
  noteCheckout,
  takeUnopened,
} from "./store.ts";
import { createCheckout } from "./stripe-client.ts";

/** What requests and jobs have in common. */
export type World = Pick<RequestServices, "db" | "log" | "now" | "transact">;

/** The provider did not answer; what was stored goes on without the caller. */
class NoAnswerError extends BrainError {
  readonly code: ErrorCode = "unavailable";
}

export const checkoutRepairJob = "payment_checkout_repair";
/** @throws {TransientError} Stripe is not configured; the message names the settings */
export function requireStripe(settings: PaymentSettings): StripeSettings {
  if (settings.stripe !== null) return settings.stripe;
  throw new TransientError(
    "No payments are possible: Stripe is not configured. Set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET.",
  );
}

/** Who pays. Every event of a payment says so, and an operator must not buy a course for himself by mistake. */
function payerOf(request: IntentRequest, actorId: string | null): string {
  const userId = request.user_id ?? (request.metadata.course_id === undefined ? actorId : null);
  if (userId !== null) return userId;
  throw new ValidationError("The request does not say who pays; send the user's id as user_id.", {
    issues: [
      {
        path: "user_id",
        message: "expected an id: a course needs it, and other payments need it or the x-actor-id header",
      },
    ],
  });
}

interface Storing {
  readonly key: RequestKey | null;
  /** Why there must be no such payment; a repeated request is answered with its first payment all the same. */
  readonly refusal: BrainError | null;
  readonly now: Date;
}

/** @throws {ConflictError} the key belongs to another request */
async function storeIntent(
  services: RequestServices,
  row: ReturnType<typeof newIntent>,
  { key, refusal, now }: Storing,
): Promise<{ readonly intent: Intent; readonly replayed: boolean }> {
  const context = { source, actor_id: services.actorId, tenant_id: row.tenantId };
  return services.transact(context, async (tx, publish) => {
    const inserted = await insertIntent(tx, row);
    if (inserted !== null) {
      if (refusal !== null) throw refusal;
      const { sourceEventId: requiredId } = inserted;
      if (requiredId !== null) await publishRequired(publish, inserted, requiredId);
      const caused = requiredId === null ? {} : { causation_id: requiredId };
      await publishCreated(publish, inserted, now, { id: inserted.lastEventId, ...caused });
      return { intent: inserted, replayed: false };
    }
    const first = key === null ? null : await findIntentOfRequest(tx, row.tenantId, key.key);
    if (first === null) throw new Error("An intent is in conflict with one that is not there.");
    requireSameRequest(key, first.requestHash);
    return { intent: first, replayed: true };
  });
}

/**
 * Stores a payment and opens the page on which it is made. What is stored first is repaired by the job when this
 * process ends in between.
 *
 * @param origin of the request, for the addresses that the payer comes back to
 * @throws {TransientError} Stripe did not answer; the intent stays, its id is beside the error, and the job goes on
 * @throws {ValidationError} the course does not exist, is of another tenant, or costs more or in another currency
 * @throws {ConflictError} the course is not sold any more
 * @throws {BadRequestError | UpstreamError} Stripe refused it; the intent has failed
 */
export async function beginPayment(
  services: RequestServices,
  settings: PaymentSettings,
  request: IntentRequest,
  call: { readonly idempotencyKey: string | undefined; readonly origin: string | null },
): Promise<{ readonly intent: Intent; readonly replayed: boolean }> {
  const courseId = request.metadata.course_id ?? null;
  const catalogue = courseId === null ? undefined : settings.catalogue;
  const named = tenantOf(services, request.tenant_id);
  const found =
    courseId === null || catalogue === undefined
      ? null
      : await catalogue.find(readerOf(services.db), courseId, named);
  // For a credential of one tenant there are no courses but its own.
  const course = visibleTenant(services) === null || found?.tenantId === named ? found : null;
  const tenantId = named ?? course?.tenantId ?? defaultTenant;
  await services.limit(intentsLimit, textOfTenant(tenantId, services.actorId ?? "-"));
  if (request.provider !== "stripe") {
    throw new BadRequestError(
      `The provider "${request.provider}" is not connected here. Use "stripe", the only one that is.`,
      { issues: [{ path: "provider", message: 'expected "stripe"' }] },
    );
  }
  const stripe = requireStripe(settings);
  const userId = payerOf(request, services.actorId);
  const key = await requestKeyOf(
    call.idempotencyKey,
    {
      ...request,
      tenant_id: tenantId,
      user_id: userId,
    },
    services.principal,
  );
  const now = services.now();
  const row = newIntent(
    {
      tenantId,
      userId,
      courseId,
      amountCents: request.amount_cents,
      currency: request.currency,
      paymentMetadata: request.metadata,
      correlationId: services.correlationId,
      // Of the event that asks for this payment, so that its consumer finds that there is one.
      ...(courseId === null ? {} : { sourceEventId: newEventId(services.now().getTime()) }),
      ...(key === null ? {} : { idempotencyKey: key.key, requestHash: key.hash }),
    },
    settings,
    call.origin,
    now,
  );
  const refusal =
    courseId === null || catalogue === undefined ? null : refusalOfPurchase(courseId, course, request);
  const stored = await storeIntent(services, row, { key, refusal, now });
  if (stored.intent.status !== "created") return stored;
  services.schedule(checkoutRepairJob, nextAttemptAt(now, 0));
  return { ...stored, intent: await openPage(services, stripe, stored.intent) };
}

async function openPage(services: RequestServices, stripe: StripeSettings, intent: Intent): Promise<Intent> {
  const opened = await openCheckout(services, stripe, intent);
  switch (opened.kind) {
    case "open":
      return opened.intent;
    case "waiting":
      throw new NoAnswerError(
        `Stripe did not answer (${opened.reason}). The payment is stored and its page is opened as soon as Stripe answers: ask for it with GET /api/paycore/intents/${intent.id}.`,
        { extra: { intent_id: intent.id } },
      );
    case "refused":
      throw refusal(opened, "payment", { intent_id: intent.id });
  }
}

/** Stripe's no; repeating the call cannot help. */
export interface Refused {
  readonly kind: "refused";
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** The caller's fault when Stripe says so, otherwise that of the settings. */
export function refusal(
  { status, code, message }: Refused,
  what: "payment" | "refund",
  extra: Readonly<Record<string, string>>,
): BadRequestError | UpstreamError {
  const text = `Stripe refused the ${what} (${code})${message === "" ? "." : `: ${message}`}`;
  return status === 400 || status === 402
    ? new BadRequestError(text, { extra })
    : new UpstreamError(`${text} Check STRIPE_SECRET_KEY and STRIPE_API_URL.`, { extra });
}

export type Opened =
  | { readonly kind: "open"; readonly intent: Intent }
  /** Stripe gave no answer; the job tries again. */
  | { readonly kind: "waiting"; readonly reason: string }
  | Refused;

/**
 * Opens the payment page of an intent, at most once whoever tries how often: the intent's id is the idempotency key. A
 * refusal makes the payment fail.
 */
export async function openCheckout(world: World, stripe: StripeSettings, intent: Intent): Promise<Opened> {
  const now = world.now();
  const taken = await takeUnopened(world.db, intent.id, nextAttemptAt(now, intent.attempts));
  if (taken === null) return { kind: "open", intent: (await findIntent(world.db, intent.id)) ?? intent };
  const answer = await createCheckout(stripe, {
    intentId: taken.id,
    amountCents: taken.amountCents,
    currency: taken.currency,
    productName: productName(taken),
    successUrl: taken.successUrl,
    cancelUrl: taken.cancelUrl,
  });
  switch (answer.kind) {
    case "done": {
      const noted = await noteCheckout(world.db, taken.id, answer.value, world.now());
      return { kind: "open", intent: noted ?? taken };
    }
    case "no_answer": {
      // Somebody else's call, or a webhook, may have told us what this one could not.
      const current = await findIntent(world.db, taken.id);
      if (current !== null && current.status !== "created") return { kind: "open", intent: current };
      world.log.warn(
        { intent_id: taken.id, attempt: taken.attempts, reason: answer.reason },
        "Stripe gave no answer to a new payment; it is asked again.",
      );
      return { kind: "waiting", reason: answer.reason };
    }
    case "refused":
      world.log.error(
        { intent_id: taken.id, status: answer.status, code: answer.code },
        "Stripe refused a payment.",
      );
      await failIntent(world, taken, `${answer.code}: ${answer.message}`.slice(0, 500));
      return answer;
  }
}

/** Ends a payment that cannot be made; one that was paid meanwhile stays paid. */
export async function failIntent(world: World, intent: Intent, reason: string): Promise<void> {
  await world.transact(storyOf(intent), async (tx, publish) => {
    const locked = await lockIntent(tx, intent.id);
    if (locked === null) return;
    const applying = { tx, publish, now: world.now(), providerEventId: null };
    await applyPayment(applying, locked, { fact: "failed", reason, data: { reason } });
  });
}

/** What the payer reads; ids and titles of courses are none of Stripe's business. */
function productName(intent: Intent): string {
  const type = intent.paymentMetadata.product_type;
  if (typeof type === "string" && type !== "") return type;
  return intent.courseId === null ? "Payment" : "Course";
}

const unknownIntent = (id: string) =>
  new NotFoundError(`There is no payment with the id "${id.slice(0, 60)}".`);

/** @throws {ForbiddenError} a tenant was named, and it is another */
export function requireTenant(owner: string, named: string | null): void {
  if (named === null || named === owner) return;
  throw new ForbiddenError("This belongs to another tenant than the one named in tenant_id.");
}

/**
 * @throws {NotFoundError} no such payment; for a credential of one tenant also one of another
 * @throws {ForbiddenError} another tenant is named
 */
export async function readIntent(
  services: RequestServices,
  id: string,
  tenantId: string | undefined,
): Promise<Intent> {
  const named = tenantOf(services, tenantId);
  const intent = isUuid(id) ? await findIntent(services.db, id, visibleTenant(services)) : null;
  if (intent === null) throw unknownIntent(id);
  requireTenant(intent.tenantId, named);
  return intent;
}

/** Opens the page of a payment that has none yet, without waiting for the job; otherwise answers what is there. */
export async function reopenPayment(
  services: RequestServices,
  settings: PaymentSettings,
  id: string,
  tenantId: string | undefined,
): Promise<Intent> {
  const intent = await readIntent(services, id, tenantId);
  await services.limit(intentsLimit, textOfTenant(intent.tenantId, services.actorId ?? "-"));
  if (intent.status !== "created") return intent;
  return openPage(services, requireStripe(settings), intent);
}
