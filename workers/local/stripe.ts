/**
 * A stand-in for Stripe on this machine: what the project uses of its API, a payment page, and signed webhooks.
 * For trying things out and for tests; what it knows is gone when it stops.
 *
 * Source: https://docs.stripe.com/api
 */

import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closeServer, listenOnLoopback } from "./ports.ts";
import { readBody } from "./request-body.ts";
import { createStripeAccount, type StripeAccount } from "./stripe-account.ts";
import { answerControl } from "./stripe-control.ts";
import { errorBody, type RefundState, StripeError, type StripeEvent } from "./stripe-objects.ts";
import { pageHeaders, paymentPage, thanksPage } from "./stripe-page.ts";
import { createWebhooks, type SendWebhook, sendByFetch } from "./stripe-webhooks.ts";

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

/** What the next call of the API meets; `path` is its beginning, as `/v1/refunds`. */
export interface Fault {
  readonly path: string;
  /** `fail`: nothing is done; `drop_reply`: it is done, and the connection ends without an answer. */
  readonly kind: "fail" | "drop_reply";
  readonly status?: number;
  readonly code?: string;
}

export interface StripeStandIn {
  readonly url: string;
  readonly account: StripeAccount;
  /** Where webhooks go; null keeps them back. */
  setEndpoint(url: string | null): void;
  /** Waits until every event was delivered once. @returns the status of each answer, by type, in order */
  delivered(): Promise<readonly Delivery[]>;
  /** Delivers an event again, with a new signature. */
  resend(eventId: string): Promise<number>;
  /** Faults are used up one by one. */
  addFault(fault: Fault): void;
  /** What the next refunds are at first; default `succeeded`. */
  setRefundState(state: RefundState): void;
  /** Runs before the answer to the next new session, e.g. to pay it before its creator knows it. */
  beforeNextSession(run: (sessionId: string) => Promise<void>): void;
  /** Calls of the API by method and path, for those who count. */
  readonly calls: readonly string[];
  close(): Promise<void>;
}

export interface Delivery {
  readonly type: string;
  readonly eventId: string;
  /** 0 when there was no answer. */
  readonly status: number;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const maxBodyBytes = 65_536;
const jsonHeaders = { "content-type": "application/json" };

export function jsonAnswer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers: { ...jsonHeaders, ...headers }, body: JSON.stringify(body) };
}

const htmlAnswer = (body: string, status = 200): Answer => ({ status, headers: pageHeaders, body });

function failed(error: unknown): Answer {
  if (error instanceof StripeError) return jsonAnswer(error.status, errorBody(error));
  return jsonAnswer(500, errorBody(new StripeError(500, "internal", String(error))));
}

/** Starts the stand-in on 127.0.0.1. */
export async function startStripeStandIn(options: StripeStandInOptions): Promise<StripeStandIn> {
  const deliveries: Delivery[] = [];
  const underWay = new Set<Promise<unknown>>();
  const faults: Fault[] = [];
  const calls: string[] = [];
  const answers = new Map<string, { readonly request: string; readonly answer: Answer }>();
  let refundState: RefundState = "succeeded";
  let beforeReply: ((sessionId: string) => Promise<void>) | null = null;
  let url = "";

  const webhooks = createWebhooks({
    secret: options.webhookSecret,
    retryDelaysMs: options.retryDelaysMs ?? [1_000, 5_000, 30_000, 60_000, 300_000],
    send: options.send ?? sendByFetch,
  });
  // One after the other, as they came to be.
  let queue: Promise<unknown> = Promise.resolve();
  const onEvent = (event: StripeEvent) => {
    const delivery = queue.then(async () => {
      deliveries.push({ type: event.type, eventId: event.id, status: await webhooks.deliver(event) });
    });
    queue = delivery;
    underWay.add(delivery);
    delivery.finally(() => underWay.delete(delivery));
  };
  const account = createStripeAccount((sessionId) => `${url}/pay/${sessionId}`, onEvent);

  const execute = async (method: string, { pathname, searchParams }: URL, form: URLSearchParams) => {
    const [, , kind = "", ...rest] = pathname.split("/");
    const id = rest.at(-1) ?? "";
    switch (`${method} ${kind}${rest.length > (kind === "checkout" ? 1 : 0) ? "/:id" : ""}`) {
      case "POST checkout": {
        const session = account.createSession(form);
        const run = beforeReply;
        beforeReply = null;
        // As it is now: what happens before the reply must not show in it.
        const answer = jsonAnswer(200, session);
        await run?.(session.id);
        return answer;
      }
      case "GET checkout/:id":
        return jsonAnswer(200, account.session(id));
      case "GET payment_intents/:id":
        return jsonAnswer(200, account.payment(id));
      case "POST refunds":
        return jsonAnswer(200, account.createRefund(form, refundState));
      case "GET refunds/:id":
        return jsonAnswer(200, account.refund(id));
      case "GET refunds": {
        const data = account.refundsOf(searchParams.get("payment_intent") ?? "");
        return jsonAnswer(200, { object: "list", data, has_more: false, url: "/v1/refunds" });
      }
      default:
        throw new StripeError(404, "resource_missing", `Unrecognized request URL (${method}: ${pathname}).`);
    }
  };

  /** The first answer to a key is the answer to all requests with it: https://docs.stripe.com/api/idempotent_requests */
  const executeOnce = async (
    method: string,
    target: URL,
    body: string,
    key: string | null,
  ): Promise<Answer> => {
    if (method !== "POST" || key === null) return execute(method, target, new URLSearchParams(body));
    const request = `${target.pathname}?${body}`;
    const first = answers.get(key);
    if (first !== undefined) {
      if (first.request === request) {
        return { ...first.answer, headers: { ...first.answer.headers, "idempotent-replayed": "true" } };
      }
      throw new StripeError(
        400,
        "idempotency_error",
        "Keys for idempotent requests can only be used with the same parameters they were first used with.",
      );
    }
    // Only what was executed is kept; a request that was refused for its parameters may come again.
    const answer = await execute(method, target, new URLSearchParams(body));
    answers.set(key, { request, answer });
    return answer;
  };

  const answerApi = async (request: IncomingMessage, target: URL, body: string): Promise<Answer | "drop"> => {
    if (request.headers.authorization !== `Bearer ${options.secretKey}`) {
      throw new StripeError(401, "invalid_api_key", "Invalid API Key provided.");
    }
    const method = request.method ?? "GET";
    calls.push(`${method} ${target.pathname}`);
    const index = faults.findIndex(({ path }) => target.pathname.startsWith(path));
    const fault = index === -1 ? undefined : faults.splice(index, 1)[0];
    if (fault?.kind === "fail") {
      throw new StripeError(fault.status ?? 500, fault.code ?? "api_error", "As ordered.");
    }
    const key = request.headers["idempotency-key"];
    const answer = await executeOnce(method, target, body, typeof key === "string" ? key : null);
    return fault?.kind === "drop_reply" ? "drop" : answer;
  };

  const answerPage = (method: string, target: URL): Answer => {
    if (target.pathname === "/thanks") return htmlAnswer(thanksPage());
    const [, , sessionId = "", action] = target.pathname.split("/");
    const session = account.session(sessionId);
    if (method === "GET" && action === undefined) return htmlAnswer(paymentPage(session, null));
    if (method === "POST" && action === "pay") {
      account.pay(sessionId);
      return { status: 303, headers: { location: session.success_url }, body: "" };
    }
    if (method === "POST" && action === "decline") {
      account.decline(sessionId);
      return htmlAnswer(paymentPage(session, "The card was declined. Try again."));
    }
    if (method === "POST" && action === "expire") {
      account.expire(sessionId);
      return htmlAnswer(paymentPage(session, null));
    }
    throw new StripeError(404, "resource_missing", `There is no page ${target.pathname}.`);
  };

  const answer = async (request: IncomingMessage): Promise<Answer | "drop"> => {
    const target = new URL(request.url ?? "/", "http://stripe.local");
    const body = await readBody(request, maxBodyBytes);
    if (body === null) throw new StripeError(413, "request_too_large", "The request is too large.");
    if (target.pathname.startsWith("/v1/")) return answerApi(request, target, body);
    if (target.pathname.startsWith("/control/")) return answerControl(standIn, target.pathname, body);
    return answerPage(request.method ?? "GET", target);
  };

  const server = createServer((request, response: ServerResponse) => {
    answer(request)
      .catch(failed)
      .then((given) => {
        if (given === "drop") return request.socket.destroy();
        const requestId = `req_${randomBytes(7).toString("hex")}`;
        response.writeHead(given.status, { ...given.headers, "request-id": requestId });
        return response.end(given.body);
      });
  });

  const standIn: StripeStandIn = {
    get url() {
      return url;
    },
    account,
    calls,
    setEndpoint(endpoint) {
      webhooks.endpoint = endpoint;
    },
    async delivered() {
      while (underWay.size > 0) await Promise.all(underWay);
      return deliveries;
    },
    resend(eventId) {
      const event = account.events.get(eventId);
      if (event === undefined) throw new StripeError(404, "resource_missing", `No such event: '${eventId}'`);
      return webhooks.deliver(event);
    },
    addFault: (fault) => void faults.push(fault),
    setRefundState(state) {
      refundState = state;
    },
    beforeNextSession(run) {
      beforeReply = run;
    },
    async close() {
      webhooks.stop();
      await closeServer(server);
    },
  };
  url = `http://127.0.0.1:${await listenOnLoopback(server, options.port ?? 0)}`;
  return standIn;
}
