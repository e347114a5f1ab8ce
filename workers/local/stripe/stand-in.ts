/**
 * A stand-in for Stripe on this machine: what the project uses of its API, a payment page, and signed webhooks.
 * For trying things out and for tests; what it knows is gone when it stops.
 *
 * Source: https://docs.stripe.com/api
 */

import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { closeServer, listenOnLoopback } from "../ports.ts";
import { readBody } from "../requests/request-body.ts";
import { createStripeAccount, type StripeAccount } from "./account.ts";
import { type ApiCall, createStripeApi, type StripeApi } from "./api.ts";
import { answerControl, type Delivery } from "./control.ts";
import { type Answer, errorBody, jsonAnswer, StripeError, type StripeEvent } from "./objects.ts";
import { pageHeaders, paymentPage, returnPage } from "./page.ts";
import { createWebhooks, type SendWebhook, sendByFetch, type Webhooks } from "./webhooks.ts";

export interface StripeStandInOptions {
  readonly secretKey: string;
  readonly webhookSecret: string;
  /** 0 or nothing takes a free port. */
  readonly port?: number;
  /** Waits before each repetition of a webhook, ms. */
  readonly retryDelaysMs?: readonly number[];
  /** Default: `fetch`. */
  readonly send?: SendWebhook;
}

export interface StripeStandIn extends Omit<StripeApi, "answer"> {
  readonly url: string;
  readonly account: StripeAccount;
  /** Where webhooks go; null keeps them back. */
  setEndpoint(url: string | null): void;
  /** Waits until every event was delivered once. @returns all deliveries, in order */
  delivered(): Promise<readonly Delivery[]>;
  /** Delivers an event again, with a new signature. @returns the status of the answer, 0 when there was none */
  resend(eventId: string): Promise<number>;
  close(): Promise<void>;
}

const maxBodyBytes = 65_536;
const htmlAnswer = (body: string): Answer => ({ status: 200, headers: pageHeaders, body });

function failed(error: unknown): Answer {
  const known =
    error instanceof StripeError ? error : new StripeError(500, "internal", `The stand-in failed: ${error}`);
  return jsonAnswer(known.status, errorBody(known));
}

/** Delivers events one after the other, as they came to be. */
function createDeliveries(webhooks: Webhooks) {
  const deliveries: Delivery[] = [];
  let queue: Promise<unknown> = Promise.resolve();
  return {
    add(event: StripeEvent) {
      queue = queue.then(async () => {
        deliveries.push({ type: event.type, eventId: event.id, status: await webhooks.deliver(event) });
      });
    },
    async all(): Promise<readonly Delivery[]> {
      for (let seen: unknown = null; seen !== queue; ) {
        seen = queue;
        await queue;
      }
      return [...deliveries];
    },
  };
}

/** What a buyer sees and does. */
function answerPage(account: StripeAccount, method: string, { pathname }: URL): Answer {
  const returned = returnPage(pathname);
  if (returned !== null) return htmlAnswer(returned);
  const [, area, sessionId = "", action] = pathname.split("/");
  const session = area === "pay" ? account.session(sessionId) : null;
  switch (session === null ? "" : `${method} ${action ?? "page"}`) {
    case "GET page":
      return htmlAnswer(paymentPage(account.session(sessionId), null));
    case "POST pay":
      account.pay(sessionId);
      return { status: 303, headers: { location: account.session(sessionId).success_url }, body: "" };
    case "POST decline":
      account.decline(sessionId);
      return htmlAnswer(paymentPage(account.session(sessionId), "The card was declined. Try again."));
    case "POST expire":
      account.expire(sessionId);
      return htmlAnswer(paymentPage(account.session(sessionId), null));
    default:
      throw new StripeError(404, "resource_missing", `There is no page ${method} ${pathname}.`);
  }
}

function apiCall(request: IncomingMessage, target: URL, body: string): ApiCall {
  const key = request.headers["idempotency-key"];
  return {
    method: request.method ?? "GET",
    target,
    body,
    authorization: request.headers.authorization ?? null,
    idempotencyKey: typeof key === "string" ? key : null,
  };
}

/** Starts the stand-in on 127.0.0.1. */
export async function startStripeStandIn(options: StripeStandInOptions): Promise<StripeStandIn> {
  let url = "";
  const webhooks = createWebhooks({
    secret: options.webhookSecret,
    retryDelaysMs: options.retryDelaysMs ?? [1_000, 5_000, 30_000, 60_000, 300_000],
    send: options.send ?? sendByFetch,
  });
  const deliveries = createDeliveries(webhooks);
  const account = createStripeAccount((sessionId) => `${url}/pay/${sessionId}`, deliveries.add);
  const { answer: answerApi, ...api } = createStripeApi(account, options.secretKey);
  const resend = (eventId: string) => {
    const event = account.events.get(eventId);
    if (event === undefined) throw new StripeError(404, "resource_missing", `No such event: '${eventId}'`);
    return webhooks.deliver(event);
  };
  const controls = { ...api, account, delivered: deliveries.all, resend };

  const answer = async (request: IncomingMessage): Promise<Answer | "drop"> => {
    const target = new URL(request.url ?? "/", "http://stripe.local");
    const bytes = await readBody(request, maxBodyBytes);
    if (bytes === null) throw new StripeError(413, "request_too_large", "The request is too large.");
    const body = bytes.toString("utf8");
    if (target.pathname.startsWith("/v1/")) return answerApi(apiCall(request, target, body));
    if (request.method === "POST" && target.pathname.startsWith("/control/")) {
      return answerControl(controls, target.pathname, body);
    }
    return answerPage(account, request.method ?? "GET", target);
  };

  const server = createServer((request, response) => {
    answer(request)
      .catch(failed)
      .then((given) => {
        if (given === "drop") return request.socket.destroy();
        const requestId = `req_${randomBytes(7).toString("hex")}`;
        response.writeHead(given.status, { ...given.headers, "request-id": requestId });
        return response.end(given.body);
      });
  });
  url = `http://127.0.0.1:${await listenOnLoopback(server, options.port ?? 0)}`;

  return {
    ...controls,
    url,
    setEndpoint(endpoint) {
      webhooks.endpoint = endpoint;
    },
    async close() {
      webhooks.stop();
      await closeServer(server);
    },
  };
}
