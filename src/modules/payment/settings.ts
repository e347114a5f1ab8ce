import { calledUrl, defineSettings, whole } from "@brain/engine";
import * as z from "zod";
import type { CourseCatalogue } from "../ports/course-catalogue.ts";
import { publicUrl } from "../shared-settings.ts";
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

interface CheckoutSettings {
  /** Null: no payments through Stripe. */
  readonly stripe: StripeSettings | null;
  /** Above this sum of a payment's refunds the policy decides; in the smallest unit of the currency. */
  readonly refundThresholdCents: number;
  /** Where Stripe sends the payer; null: `publicUrl`, or on this machine the origin of the request. */
  readonly successUrl: string | null;
  readonly cancelUrl: string | null;
  /** Origin of the public pages. */
  readonly publicUrl: string | null;
}

/** With what other modules answer. */
export interface PaymentSettings extends CheckoutSettings {
  /** What can be bought; left out: every course is taken to exist, at any price. */
  readonly catalogue?: CourseCatalogue;
  /** Default: `fourEyes`. */
  readonly refundPolicy?: RefundPolicy;
}

export const paymentSettings = defineSettings(
  {
    ...publicUrl,
    STRIPE_SECRET_KEY: z.string().min(1).optional(),
    /** Signing secrets of the webhook endpoint, separated by commas while one is being replaced. */
    STRIPE_WEBHOOK_SECRET: z
      .string()
      .regex(/[^,\s]/, "expected one or more secrets, separated by commas")
      .optional(),
    STRIPE_API_URL: calledUrl.default("https://api.stripe.com"),
    /** Age above which a signed webhook is refused. */
    STRIPE_WEBHOOK_TOLERANCE_SECONDS: whole(1, 86_400).default(300),
    PAYCORE_REFUND_SUPERVISOR_THRESHOLD: whole(0, 2_147_483_647).default(10_000),
    PAYCORE_SUCCESS_URL: z.url({ protocol: /^https?$/ }).optional(),
    PAYCORE_CANCEL_URL: z.url({ protocol: /^https?$/ }).optional(),
  },
  (env, fault): CheckoutSettings => {
    const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecret } = env;
    if (secretKey !== undefined && webhookSecret === undefined)
      fault(
        "STRIPE_WEBHOOK_SECRET",
        "is missing; STRIPE_SECRET_KEY needs it, because payments are confirmed by webhooks",
      );
    return {
      stripe:
        secretKey === undefined || webhookSecret === undefined
          ? null
          : {
              apiUrl: env.STRIPE_API_URL,
              secretKey,
              webhookSecrets: webhookSecret
                .split(",")
                .map((secret) => secret.trim())
                .filter((secret) => secret !== ""),
              toleranceSeconds: env.STRIPE_WEBHOOK_TOLERANCE_SECONDS,
            },
      refundThresholdCents: env.PAYCORE_REFUND_SUPERVISOR_THRESHOLD,
      successUrl: env.PAYCORE_SUCCESS_URL ?? null,
      cancelUrl: env.PAYCORE_CANCEL_URL ?? null,
      publicUrl: env.BRAIN_PUBLIC_URL ?? null,
    };
  },
);

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
