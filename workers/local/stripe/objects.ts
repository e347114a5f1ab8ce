/** The objects of Stripe's API, as far as the stand-in has them: https://docs.stripe.com/api */

export type Metadata = Readonly<Record<string, string>>;

export interface Session {
  readonly id: string;
  readonly object: "checkout.session";
  readonly amount_total: number;
  readonly currency: string;
  readonly client_reference_id: string | null;
  readonly metadata: Metadata;
  readonly mode: "payment";
  readonly created: number;
  readonly expires_at: number;
  readonly livemode: false;
  readonly success_url: string;
  readonly cancel_url: string | null;
  payment_intent: string | null;
  payment_status: "unpaid" | "paid";
  status: "open" | "complete" | "expired";
  url: string | null;
}

export interface Payment {
  readonly id: string;
  readonly object: "payment_intent";
  readonly amount: number;
  readonly currency: string;
  readonly metadata: Metadata;
  readonly created: number;
  readonly livemode: false;
  amount_received: number;
  status: "requires_payment_method" | "processing" | "succeeded" | "canceled";
  latest_charge: string | null;
  last_payment_error: { readonly code: string; readonly decline_code: string } | null;
}

export interface Charge {
  readonly id: string;
  readonly object: "charge";
  readonly amount: number;
  readonly currency: string;
  readonly payment_intent: string;
  readonly metadata: Metadata;
  readonly created: number;
  readonly livemode: false;
  amount_refunded: number;
  refunded: boolean;
}

export type RefundState = "pending" | "succeeded" | "failed";

export interface Refund {
  readonly id: string;
  readonly object: "refund";
  readonly amount: number;
  readonly currency: string;
  readonly charge: string;
  readonly payment_intent: string;
  readonly metadata: Metadata;
  readonly created: number;
  status: RefundState;
  failure_reason: string | null;
}

export interface StripeEvent {
  readonly id: string;
  readonly object: "event";
  readonly api_version: string;
  readonly created: number;
  readonly livemode: false;
  readonly pending_webhooks: number;
  readonly type: string;
  readonly data: { readonly object: Readonly<Record<string, unknown>> };
}

/** An answer of the API that is no success. */
export class StripeError extends Error {
  override readonly name = "StripeError";
  readonly status: number;
  readonly code: string;
  readonly param: string | null;

  constructor(status: number, code: string, message: string, param: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
  }
}

export function errorBody(error: StripeError) {
  const type = error.code === "idempotency_error" ? "idempotency_error" : "invalid_request_error";
  const param = error.param === null ? {} : { param: error.param };
  return {
    error: {
      type: error.status >= 500 ? "api_error" : type,
      code: error.code,
      message: error.message,
      ...param,
    },
  };
}

/** An answer over HTTP. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function jsonAnswer(status: number, body: unknown): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}
