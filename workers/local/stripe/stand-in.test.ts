import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { signatureProblem } from "../../../src/modules/payment/signature.ts";
import { eventually } from "../../../test/wait-for.ts";
import { closeServer, listenOnLoopback } from "../ports.ts";
import { type StripeStandIn, startStripeStandIn } from "./stand-in.ts";

const secretKey = "sk_test_1";
const webhookSecret = "whsec_1";

let stripe: StripeStandIn;
beforeEach(async () => {
  stripe = await startStripeStandIn({ secretKey, webhookSecret, retryDelaysMs: [20, 20, 20] });
});
afterEach(() => stripe?.close());

const order = {
  mode: "payment",
  client_reference_id: "order-1",
  "metadata[intent_id]": "order-1",
  "payment_intent_data[metadata][intent_id]": "order-1",
  "line_items[0][quantity]": "1",
  "line_items[0][price_data][currency]": "eur",
  "line_items[0][price_data][unit_amount]": "4900",
  "line_items[0][price_data][product_data][name]": "Course",
  success_url: "http://127.0.0.1/thanks",
};

async function call(
  method: string,
  path: string,
  form: Record<string, string> | null = null,
  headers: Record<string, string> = {},
) {
  const response = await fetch(`${stripe.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${secretKey}`, ...headers },
    redirect: "manual",
    ...(form === null ? {} : { body: new URLSearchParams(form) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}

const control = async (action: string, body: unknown) => {
  const response = await fetch(`${stripe.url}/control/${action}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

describe("the API", () => {
  test("needs the key, and says no as Stripe does", async () => {
    const answer = await call("POST", "/v1/checkout/sessions", order, { authorization: "Bearer sk_other" });
    expect(answer.status).toBe(401);
    expect(answer.json()).toMatchObject({
      error: { type: "invalid_request_error", code: "invalid_api_key" },
    });
    expect(answer.headers.get("request-id")).toMatch(/^req_/);
  });

  test("has sessions, payments and refunds", async () => {
    const session = (await call("POST", "/v1/checkout/sessions", order)).json();
    expect(session).toMatchObject({
      object: "checkout.session",
      status: "open",
      payment_status: "unpaid",
      amount_total: 4_900,
      metadata: { intent_id: "order-1" },
    });
    await control("pay", { session: session.id });
    const paid = (await call("GET", `/v1/checkout/sessions/${session.id}`)).json();
    expect(paid).toMatchObject({ status: "complete", payment_status: "paid", url: null });
    const payment = (await call("GET", `/v1/payment_intents/${paid.payment_intent}`)).json();
    expect(payment).toMatchObject({ amount_received: 4_900, metadata: { intent_id: "order-1" } });
    const form = { payment_intent: payment.id, amount: "900", "metadata[refund_id]": "r-1" };
    const refund = (await call("POST", "/v1/refunds", form)).json();
    expect(refund).toMatchObject({ amount: 900, status: "succeeded", metadata: { refund_id: "r-1" } });
    expect((await call("GET", `/v1/refunds/${refund.id}`)).json()).toEqual(refund);
    const over = await call("POST", "/v1/refunds", { payment_intent: payment.id, amount: "4001" });
    expect(over.status).toBe(400);
    expect(over.json()).toMatchObject({ error: { code: "amount_too_large", param: "amount" } });
    const list = (await call("GET", `/v1/refunds?payment_intent=${payment.id}`)).json();
    expect(list.data).toEqual([refund]);
  });

  test("answers a repeated key with the first answer, and refuses it for another request", async () => {
    const key = { "idempotency-key": "k-1" };
    const first = await call("POST", "/v1/checkout/sessions", order, key);
    const again = await call("POST", "/v1/checkout/sessions", order, key);
    expect(again.text).toBe(first.text);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    const other = await call("POST", "/v1/checkout/sessions", { ...order, mode: "setup" }, key);
    expect(other.json()).toMatchObject({ error: { type: "idempotency_error" } });
    expect(stripe.account.sessions.size).toBe(1);
  });

  test("refuses what Stripe would refuse", async () => {
    const { success_url: _, ...incomplete } = order;
    expect((await call("POST", "/v1/checkout/sessions", incomplete)).status).toBe(400);
    const small = { ...order, "line_items[0][price_data][unit_amount]": "1" };
    const answer = await call("POST", "/v1/checkout/sessions", small);
    expect(answer.json()).toMatchObject({ error: { code: "amount_too_small" } });
    expect((await call("GET", "/v1/checkout/sessions/cs_none")).status).toBe(404);
    expect((await call("GET", "/v1/customers")).status).toBe(404);
  });

  test("fails or drops its reply when that is ordered, once", async () => {
    await control("fault", { path: "/v1/checkout", kind: "fail", status: 503 });
    expect((await call("POST", "/v1/checkout/sessions", order)).status).toBe(503);
    expect(stripe.account.sessions.size).toBe(0);
    await control("fault", { path: "/v1/checkout", kind: "drop_reply" });
    await expect(call("POST", "/v1/checkout/sessions", order)).rejects.toThrow();
    expect(stripe.account.sessions.size).toBe(1);
    expect((await call("POST", "/v1/checkout/sessions", order)).status).toBe(200);
  });
});

describe("the payment page", () => {
  test("shows the amount, takes the payment, and leads back", async () => {
    const { id, url } = (await call("POST", "/v1/checkout/sessions", order)).json();
    const page = await fetch(url);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await page.text()).toContain("49.00 EUR");
    const declined = await call("POST", `/pay/${id}/decline`);
    expect(declined.text).toContain("declined");
    const paid = await call("POST", `/pay/${id}/pay`);
    expect(paid.status).toBe(303);
    expect(paid.headers.get("location")).toBe(order.success_url);
    expect((await call("POST", `/pay/${id}/pay`)).status).toBe(400);
    expect(stripe.account.charges.size).toBe(1);
  });

  test("shows markup in an address as text", async () => {
    const cancel_url = "http://127.0.0.1/?a=1&b=%22'>";
    const { url } = (await call("POST", "/v1/checkout/sessions", { ...order, cancel_url })).json();
    const text = await (await fetch(url)).text();
    expect(text).not.toContain("'>\"");
    expect(text).toContain("&#39;&gt;");
  });
});

describe("webhooks", () => {
  test("are signed, and repeated until the endpoint says yes", async () => {
    const received: { readonly body: string; readonly signature: string }[] = [];
    const statuses = [500, 503];
    const endpoint = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const signature = String(request.headers["stripe-signature"]);
        received.push({ body: Buffer.concat(chunks).toString(), signature });
        response.writeHead(statuses.shift() ?? 200).end();
      });
    });
    try {
      stripe.setEndpoint(`http://127.0.0.1:${await listenOnLoopback(endpoint, 0)}/hook`);
      const event = stripe.account.emit("customer.created", { id: "cus_1" });
      expect(await stripe.delivered()).toEqual([
        { type: "customer.created", eventId: event.id, status: 500 },
      ]);
      await eventually(() => expect(received).toHaveLength(3));
      for (const { body, signature } of received) {
        expect(JSON.parse(body)).toMatchObject({ id: event.id, data: { object: { id: "cus_1" } } });
        const bytes = new TextEncoder().encode(body);
        expect(await signatureProblem(bytes, signature, [webhookSecret], 60, new Date())).toBeNull();
      }
      const again = await control("resend", { event: event.id });
      expect(again.body).toMatchObject({ result: { status: 200 } });
      expect(received).toHaveLength(4);
    } finally {
      await closeServer(endpoint);
    }
  });
});

describe("orders for programs", () => {
  test("that are none are refused with what is possible", async () => {
    expect(await control("rob", {})).toMatchObject({ status: 404 });
    expect(await control("pay", { session: 1 })).toMatchObject({ status: 400 });
    expect(await control("toString", {})).toMatchObject({ status: 404 });
  });
});
