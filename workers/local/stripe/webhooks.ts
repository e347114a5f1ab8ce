/** Delivery of the stand-in's events: signed as Stripe signs, and repeated until the endpoint says yes. */

import { createHmac } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { StripeEvent } from "./objects.ts";

/** Sends a webhook; gives the status of the answer. @throws when there is none */
export type SendWebhook = (url: string, headers: Record<string, string>, body: string) => Promise<number>;

export interface WebhookOptions {
  readonly secret: string;
  /** Waits before each repetition, ms; Stripe goes on for three days. */
  readonly retryDelaysMs: readonly number[];
  readonly send: SendWebhook;
}

export interface Webhooks {
  /** Where events go; null keeps them back. */
  endpoint: string | null;
  /** Delivers once now; repetitions go on in the background. @returns the status of the first answer, 0 when there was none */
  deliver(event: StripeEvent): Promise<number>;
  stop(): void;
}

/** The value of `stripe-signature`: https://docs.stripe.com/webhooks#verify-manually */
export function signWebhook(secret: string, body: string, timeSeconds: number): string {
  const signature = createHmac("sha256", secret).update(`${timeSeconds}.${body}`).digest("hex");
  return `t=${timeSeconds},v1=${signature}`;
}

export const sendByFetch: SendWebhook = async (url, headers, body) => {
  const signal = AbortSignal.timeout(20_000);
  // As for Stripe, a redirect is a failed delivery.
  // biome-ignore lint/style/noRestrictedGlobals: redirects are off
  const response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
  await response.arrayBuffer();
  return response.status;
};

export function createWebhooks(options: WebhookOptions): Webhooks {
  const stopping = new AbortController();

  const once = async (event: StripeEvent): Promise<number> => {
    const url = webhooks.endpoint;
    if (url === null) return 0;
    const body = JSON.stringify(event);
    const headers = {
      "content-type": "application/json; charset=utf-8",
      // Each try is signed anew, because signatures age.
      "stripe-signature": signWebhook(options.secret, body, Math.floor(Date.now() / 1000)),
    };
    return options.send(url, headers, body).catch(() => 0);
  };

  const repeat = async (event: StripeEvent) => {
    for (const waitMs of options.retryDelaysMs) {
      await delay(waitMs, undefined, { signal: stopping.signal, ref: false });
      const status = await once(event);
      if (status >= 200 && status < 300) return;
    }
  };

  const webhooks: Webhooks = {
    endpoint: null,
    async deliver(event) {
      const status = await once(event);
      // A stop ends the waiting, which is no failure.
      if (status < 200 || status >= 300) repeat(event).catch(() => undefined);
      return status;
    },
    stop: () => stopping.abort(),
  };
  return webhooks;
}
