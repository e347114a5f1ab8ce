import type { RateLimit } from "@brain/engine";

/** Of each person of a tenant. */
export const intentsLimit: RateLimit = { name: "payment_intents", perMinute: 20 };

/** Of each person of a tenant. */
export const refundsLimit: RateLimit = { name: "payment_refunds", perMinute: 10 };

/** Webhooks without a valid signature, of all senders together. */
export const refusedWebhooksLimit: RateLimit = { name: "payment_webhook_refused", perMinute: 120 };
