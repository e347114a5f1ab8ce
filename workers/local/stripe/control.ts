/** Routes `POST /control/…` of the Stripe stand-in: what a buyer, a bank or Stripe's dashboard does, for programs. */

import * as z from "zod";
import type { StripeAccount } from "./account.ts";
import type { StripeApi } from "./api.ts";
import { type Answer, jsonAnswer, StripeError } from "./objects.ts";

/** One event at the webhook's endpoint. */
export interface Delivery {
  readonly type: string;
  readonly eventId: string;
  /** 0 when there was no answer. */
  readonly status: number;
}

/** What can be ordered. */
interface Controls extends Pick<StripeApi, "addFault" | "setRefundState"> {
  readonly account: StripeAccount;
  resend(eventId: string): Promise<number>;
  delivered(): Promise<readonly Delivery[]>;
}

const sessionBody = z.strictObject({ session: z.string() });
const actions = {
  pay: z.strictObject({ session: z.string(), how: z.enum(["at_once", "delayed"]).default("at_once") }),
  settle_payment: z.strictObject({ session: z.string(), paid: z.boolean() }),
  decline: sessionBody,
  expire: sessionBody,
  cancel: sessionBody,
  refund: z.strictObject({ payment_intent: z.string(), amount: z.int().min(1).optional() }),
  settle_refund: z.strictObject({ refund: z.string(), state: z.enum(["succeeded", "failed"]) }),
  refund_state: z.strictObject({ state: z.enum(["pending", "succeeded", "failed"]) }),
  resend: z.strictObject({ event: z.string() }),
  fault: z.strictObject({
    path: z.string().startsWith("/v1/"),
    kind: z.enum(["fail", "drop_reply"]),
    status: z.int().min(400).max(599).default(500),
    code: z.string().default("api_error"),
  }),
} as const;

type Action = keyof typeof actions;

function parse<A extends Action>(action: A, body: string): z.output<(typeof actions)[A]> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new StripeError(400, "parameter_invalid", "The body is not JSON.");
  }
  const parsed = actions[action].safeParse(json);
  if (!parsed.success) throw new StripeError(400, "parameter_invalid", z.prettifyError(parsed.error));
  return parsed.data as z.output<(typeof actions)[A]>;
}

async function run(controls: Controls, action: Action, body: string): Promise<unknown> {
  const { account } = controls;
  switch (action) {
    case "pay": {
      const { session, how } = parse(action, body);
      return account.pay(session, how);
    }
    case "settle_payment": {
      const { session, paid } = parse(action, body);
      return account.settlePayment(session, paid);
    }
    case "decline":
      return account.decline(parse(action, body).session);
    case "expire":
      return account.expire(parse(action, body).session);
    case "cancel":
      return account.cancelPayment(parse(action, body).session);
    case "refund": {
      const { payment_intent: payment, amount } = parse(action, body);
      const form = new URLSearchParams({ payment_intent: payment });
      if (amount !== undefined) form.set("amount", String(amount));
      return account.createRefund(form, "succeeded");
    }
    case "settle_refund": {
      const { refund, state } = parse(action, body);
      return account.settleRefund(refund, state);
    }
    case "refund_state":
      return controls.setRefundState(parse(action, body).state);
    case "resend":
      return { status: await controls.resend(parse(action, body).event) };
    case "fault":
      return controls.addFault(parse(action, body));
  }
}

/** Does it, waits until the events of it were delivered once, and tells the answers they had. */
export async function answerControl(controls: Controls, path: string, body: string): Promise<Answer> {
  const action = path.slice("/control/".length);
  if (!Object.hasOwn(actions, action)) {
    throw new StripeError(404, "resource_missing", `Possible: ${Object.keys(actions).join(", ")}.`);
  }
  const before = (await controls.delivered()).length;
  const result = (await run(controls, action as Action, body)) ?? null;
  return jsonAnswer(200, { result, deliveries: (await controls.delivered()).slice(before) });
}
