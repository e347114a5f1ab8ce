import { redactText } from "@brain/schemas";
import * as z from "zod";
import { callOutside } from "../call-outside.ts";
import { readBounded } from "../outgoing.ts";
import type { StripeSettings } from "./settings.ts";
import { type ProviderRefund, readRefund } from "./stripe-events.ts";

/*
 * The calls to Stripe's API. Each one that changes something carries an idempotency key, so that it can be repeated
 * until there is an answer: https://docs.stripe.com/api/idempotent_requests
 */

/** The shapes that we read are those of this version, whatever the account's default is. */
const apiVersion = "2024-06-20";
const defaultTimeoutMs = 10_000;
/** No answer that we ask for is longer. */
const maxAnswerBytes = 262_144;

export type StripeAnswer<T> =
  | { readonly kind: "done"; readonly value: T }
  /** Repeating the same call cannot help. `message` is Stripe's, cleaned, and may be shown. */
  | { readonly kind: "refused"; readonly status: number; readonly code: string; readonly message: string }
  /** It may or may not have been executed: repeat it with the same key. */
  | { readonly kind: "no_answer"; readonly reason: string };

export interface CheckoutRequest {
  readonly intentId: string;
  readonly amountCents: number;
  readonly currency: string;
  /** What the payer reads on the page. */
  readonly productName: string;
  readonly successUrl: string;
  readonly cancelUrl: string;
}

export interface CheckoutSession {
  readonly sessionId: string;
  readonly url: string | null;
  /** Null until somebody pays. */
  readonly paymentId: string | null;
}

export interface RefundRequest {
  readonly refundId: string;
  readonly intentId: string;
  readonly paymentId: string;
  readonly amountCents: number;
}

const providerId = z.string().min(1).max(255);
const sessionSchema = z
  .object({
    id: providerId,
    // A payer's browser opens it.
    url: z
      .url({ protocol: /^https?$/ })
      .max(2_048)
      .nullish(),
    payment_intent: z.union([providerId, z.object({ id: providerId })]).nullish(),
  })
  .transform(
    ({ id, url, payment_intent: payment }): CheckoutSession => ({
      sessionId: id,
      url: url ?? null,
      paymentId: typeof payment === "object" ? (payment?.id ?? null) : (payment ?? null),
    }),
  );
const refundList = z.object({ data: z.array(z.unknown()).max(100) });
const errorSchema = z.object({
  error: z.object({ type: z.string().nullish(), code: z.string().nullish(), message: z.string().nullish() }),
});

/** Opens the page on which the payer pays; the same `intentId` gives the same page. */
export function createCheckout(
  settings: StripeSettings,
  request: CheckoutRequest,
): Promise<StripeAnswer<CheckoutSession>> {
  const form = new URLSearchParams({
    mode: "payment",
    client_reference_id: request.intentId,
    "metadata[intent_id]": request.intentId,
    "payment_intent_data[metadata][intent_id]": request.intentId,
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][currency]": request.currency.toLowerCase(),
    "line_items[0][price_data][unit_amount]": String(request.amountCents),
    "line_items[0][price_data][product_data][name]": request.productName,
    success_url: request.successUrl,
    cancel_url: request.cancelUrl,
  });
  const post = { path: "/v1/checkout/sessions", form, idempotencyKey: request.intentId };
  return call(settings, post, (body) => sessionSchema.parse(body));
}

/** Pays back; the same `refundId` pays back once. */
export function createRefund(
  settings: StripeSettings,
  request: RefundRequest,
): Promise<StripeAnswer<ProviderRefund>> {
  const form = new URLSearchParams({
    payment_intent: request.paymentId,
    amount: String(request.amountCents),
    "metadata[refund_id]": request.refundId,
    "metadata[intent_id]": request.intentId,
  });
  return call(settings, { path: "/v1/refunds", form, idempotencyKey: request.refundId }, readRefund);
}

/** The newest refunds of a payment, at most 100. */
export function listRefunds(
  settings: StripeSettings,
  paymentId: string,
): Promise<StripeAnswer<readonly ProviderRefund[]>> {
  const query = new URLSearchParams({ payment_intent: paymentId, limit: "100" });
  return call(settings, { path: `/v1/refunds?${query}` }, (body) =>
    refundList.parse(body).data.map(readRefund),
  );
}

/** With a form it is a POST, without one a GET. */
type Call =
  | { readonly path: string; readonly form?: never }
  | { readonly path: string; readonly form: URLSearchParams; readonly idempotencyKey: string };

async function call<T>(
  settings: StripeSettings,
  request: Call,
  read: (body: unknown) => T,
): Promise<StripeAnswer<T>> {
  const { path } = request;
  let status: number;
  let text: string;
  try {
    const response = await callOutside(`${settings.apiUrl.replace(/(?<!\/)\/+$/, "")}${path}`, {
      method: request.form === undefined ? "GET" : "POST",
      headers: {
        authorization: `Bearer ${settings.secretKey}`,
        "stripe-version": apiVersion,
        ...(request.form === undefined
          ? {}
          : {
              "content-type": "application/x-www-form-urlencoded",
              "idempotency-key": request.idempotencyKey,
            }),
      },
      ...(request.form === undefined ? {} : { body: request.form.toString() }),
      signal: AbortSignal.timeout(settings.timeoutMs ?? defaultTimeoutMs),
    });
    status = response.status;
    const answer = await readBounded(response, maxAnswerBytes);
    if (answer.truncated) return { kind: "no_answer", reason: "an answer that is too long" };
    ({ text } = answer);
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    return { kind: "no_answer", reason: name === "TimeoutError" ? "no answer in time" : "not reachable" };
  }
  if (status >= 200 && status < 300) {
    try {
      return { kind: "done", value: read(JSON.parse(text)) };
    } catch {
      return { kind: "no_answer", reason: "an answer that cannot be read" };
    }
  }
  // 409: the same key is being worked on. 3xx: somebody stands in between.
  if (status < 400 || status === 408 || status === 409 || status === 429 || status >= 500) {
    return { kind: "no_answer", reason: `status ${status}` };
  }
  return { kind: "refused", status, ...refusalOf(text) };
}

function refusalOf(text: string): { readonly code: string; readonly message: string } {
  try {
    const { error } = errorSchema.parse(JSON.parse(text));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: Postgres takes no NUL, and logs no line breaks
    const message = (error.message ?? "").replace(/[\u0000-\u001f\u007f]+/g, " ").slice(0, 300);
    return { code: (error.code ?? error.type ?? "refused").slice(0, 100), message: redactText(message) };
  } catch {
    return { code: "refused", message: "" };
  }
}
