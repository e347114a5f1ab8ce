/** The API of the Stripe stand-in: key, idempotency keys and routes, and the faults that are ordered for the next calls. */

import type { StripeAccount } from "./account.ts";
import { type Answer, jsonAnswer, type RefundState, StripeError } from "./objects.ts";

/** What the next call of the API meets; `path` is its beginning, as `/v1/refunds`. */
export interface Fault {
  readonly path: string;
  /** `fail`: nothing is done; `drop_reply`: it is done, and the connection ends without an answer. */
  readonly kind: "fail" | "drop_reply";
  readonly status?: number;
  readonly code?: string;
}

export interface ApiCall {
  readonly method: string;
  readonly target: URL;
  readonly body: string;
  readonly authorization: string | null;
  readonly idempotencyKey: string | null;
}

export interface StripeApi {
  /** @returns `drop` when the connection is to end without an answer. @throws {StripeError} */
  answer(call: ApiCall): Promise<Answer | "drop">;
  /** Faults are used up one by one. */
  addFault(fault: Fault): void;
  /** What the next refunds are at first; default `succeeded`. */
  setRefundState(state: RefundState): void;
  /** Runs before the answer to the next new session, e.g. to pay it before its creator knows it. */
  beforeNextSession(run: (sessionId: string) => Promise<void>): void;
  /** Method and path of each call, for those who count. */
  readonly calls: readonly string[];
}

export function createStripeApi(account: StripeAccount, secretKey: string): StripeApi {
  const faults: Fault[] = [];
  const calls: string[] = [];
  let refundState: RefundState = "succeeded";
  let beforeReply: ((sessionId: string) => Promise<void>) | null = null;

  const createSession = async (form: URLSearchParams): Promise<Answer> => {
    const session = account.createSession(form);
    const run = beforeReply;
    beforeReply = null;
    // As it is now: what happens before the reply must not show in it.
    const answer = jsonAnswer(200, session);
    await run?.(session.id);
    return answer;
  };
  const executeOnce = onceByKey((call) => execute(account, call, { createSession, refundState }));

  return {
    calls,
    addFault: (fault) => void faults.push(fault),
    setRefundState(state) {
      refundState = state;
    },
    beforeNextSession(run) {
      beforeReply = run;
    },
    async answer(call) {
      if (call.authorization !== `Bearer ${secretKey}`) {
        throw new StripeError(401, "invalid_api_key", "Invalid API Key provided.");
      }
      calls.push(`${call.method} ${call.target.pathname}`);
      const index = faults.findIndex(({ path }) => call.target.pathname.startsWith(path));
      const fault = index === -1 ? undefined : faults.splice(index, 1)[0];
      if (fault?.kind === "fail") {
        throw new StripeError(fault.status ?? 500, fault.code ?? "api_error", "As ordered.");
      }
      const answer = await executeOnce(call);
      return fault?.kind === "drop_reply" ? "drop" : answer;
    },
  };
}

/** What tests have ordered for the calls to come. */
interface Orders {
  createSession(form: URLSearchParams): Promise<Answer>;
  readonly refundState: RefundState;
}

async function execute(
  account: StripeAccount,
  { method, target, body }: ApiCall,
  { createSession, refundState }: Orders,
): Promise<Answer> {
  const form = new URLSearchParams(body);
  const [, kind = "", id = ""] =
    /^\/v1\/(checkout\/sessions|payment_intents|refunds)(?:\/([^/]+))?$/.exec(target.pathname) ?? [];
  switch (`${method} ${kind}${id === "" ? "" : "/:id"}`) {
    case "POST checkout/sessions":
      return createSession(form);
    case "GET checkout/sessions/:id":
      return jsonAnswer(200, account.session(id));
    case "GET payment_intents/:id":
      return jsonAnswer(200, account.payment(id));
    case "POST refunds":
      return jsonAnswer(200, account.createRefund(form, refundState));
    case "GET refunds/:id":
      return jsonAnswer(200, account.refund(id));
    case "GET refunds": {
      const data = account.refundsOf(target.searchParams.get("payment_intent") ?? "");
      return jsonAnswer(200, { object: "list", data, has_more: false, url: "/v1/refunds" });
    }
    default:
      throw new StripeError(
        404,
        "resource_missing",
        `Unrecognized request URL (${method}: ${target.pathname}).`,
      );
  }
}

type Execute = (call: ApiCall) => Promise<Answer>;

/** The first answer to a key is the answer to all requests with it: https://docs.stripe.com/api/idempotent_requests */
function onceByKey(run: Execute): Execute {
  /** By idempotency key; the answer is null while the first request is under way. */
  const answers = new Map<string, { readonly request: string; readonly answer: Answer | null }>();

  return async (call) => {
    const { method, target, body, idempotencyKey: key } = call;
    if (method !== "POST" || key === null) return run(call);
    const request = `${target.pathname}?${body}`;
    const first = answers.get(key);
    if (first !== undefined) {
      if (first.request !== request) {
        throw new StripeError(
          400,
          "idempotency_error",
          "Keys for idempotent requests can only be used with the same parameters they were first used with.",
        );
      }
      if (first.answer === null) {
        throw new StripeError(409, "idempotency_key_in_use", "Another request with this key is under way.");
      }
      return { ...first.answer, headers: { ...first.answer.headers, "idempotent-replayed": "true" } };
    }
    answers.set(key, { request, answer: null });
    try {
      const answer = await run(call);
      answers.set(key, { request, answer });
      return answer;
    } catch (error) {
      // Only what was executed is kept; a request that was refused for its parameters may come again.
      answers.delete(key);
      throw error;
    }
  };
}
