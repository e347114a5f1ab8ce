import type { CourseCatalogue } from "../ports/course-catalogue.ts";
import type { RefundPolicy } from "./refund-policy.ts";

/** How Stripe is reached and its webhooks are checked. */
export interface StripeSettings {
  /** e.g. `https://api.stripe.com` */
  readonly apiUrl: string;
  readonly secretKey: string;
  /** At least one. */
  readonly webhookSecrets: readonly string[];
  readonly toleranceSeconds: number;
  /** Upper bound of one call, ms; default 10,000. */
  readonly timeoutMs?: number;
}

export interface PaymentSettings {
  /** Null: no payments through Stripe. */
  readonly stripe: StripeSettings | null;
  /** Above this sum of a payment's refunds the policy decides; in the smallest unit of the currency. */
  readonly refundThresholdCents: number;
  /** Where Stripe sends the payer; null: `publicUrl`, or on this machine the origin of the request. */
  readonly successUrl: string | null;
  readonly cancelUrl: string | null;
  /** Origin of the public pages. */
  readonly publicUrl: string | null;
  /** What can be bought; left out: every course is taken to exist, at any price. */
  readonly catalogue?: CourseCatalogue;
  /** Default: `fourEyes`. */
  readonly refundPolicy?: RefundPolicy;
}

/** The pages that the payer comes back to. */
export interface ReturnUrls {
  readonly successUrl: string;
  readonly cancelUrl: string;
}

/**
 * @param origin of the request; null when there is none
 * @returns null when neither a setting nor a request says where payers go
 */
export function returnUrls(
  settings: PaymentSettings,
  intentId: string,
  origin: string | null,
): ReturnUrls | null {
  const base = settings.publicUrl ?? origin;
  const page = (configured: string | null, outcome: string) => {
    const address = configured ?? base;
    if (address === null) return null;
    const url = new URL(address);
    if (configured === null) url.searchParams.set("payment", outcome);
    url.searchParams.set("intent_id", intentId);
    return url.href;
  };
  const successUrl = page(settings.successUrl, "done");
  const cancelUrl = page(settings.cancelUrl, "given_up");
  return successUrl === null || cancelUrl === null ? null : { successUrl, cancelUrl };
}
