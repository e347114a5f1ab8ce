import { createServer } from "node:http";
import { callOutside, createDatabase, createRedis, type Logger, TransientError } from "@brain/engine";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { createClient } from "../../src/cli/client.ts";
import { createNotifier } from "../../src/modules/course_access/notifier.ts";
import { askForJson } from "../../src/modules/course_factory/content/chat-client.ts";
import { httpCallHandler } from "../../src/modules/missions/handlers/http-call.ts";
import { createRefund } from "../../src/modules/payment/stripe-client.ts";
import { sendByFetch } from "../../workers/local/stripe/webhooks.ts";
import { listen } from "../listening.ts";

/* Every call of the outside, to a host that sends on to another one: nothing may arrive there. */

let arrived = 0;
let redirected = 0;
let target: string;
let configured: string;
const keysElsewhere: (string | undefined)[] = [];
const elsewhere = createServer((request, response) => {
  arrived++;
  keysElsewhere.push(request.headers.authorization);
  response.end("{}");
});
const redirecting = createServer((request, response) => {
  redirected++;
  request.resume();
  // 307 and 308 keep method and body, which is the worst of the kinds.
  response.writeHead(307, { location: `http://${target}/` }).end();
});

beforeAll(async () => {
  target = `127.0.0.1:${await listen(elsewhere)}`;
  configured = `127.0.0.1:${await listen(redirecting)}`;
});
afterAll(() => {
  for (const server of [elsewhere, redirecting]) {
    server.closeAllConnections();
    server.close();
  }
});
beforeEach(() => {
  arrived = 0;
  redirected = 0;
});

const { signal } = new AbortController();
const log = {} as Logger;
const calls: Record<string, () => Promise<unknown>> = {
  "a mission": () => {
    const mission = { type: "http_call", payload: { url: `http://${configured}/` } };
    const context = { signal, idempotencyKey: () => "key" };
    return httpCallHandler([configured], null).execute(mission as never, context as never);
  },
  "a notification": () => {
    const webhook = { url: `http://${configured}/`, secret: "0123456789abcdef" };
    const note = { id: "n", kind: "course_ready", course_id: "c", user_id: null, tenant_id: null } as const;
    const sending = { idempotencyKey: "n", signal, fetch: callOutside, log, now: () => new Date() };
    return createNotifier(webhook).send({ ...note, occurred_at: "2026-01-01T00:00:00Z" }, sending);
  },
  "a question to the content service": () => {
    const settings = { url: `http://${configured}`, key: "k", model: "m", fetch: callOutside };
    return askForJson(settings, z.object({}), { system: "system", task: "task" }, signal);
  },
  "a refund at Stripe": async () => {
    const settings = {
      apiUrl: `http://${configured}`,
      secretKey: "k",
      webhookSecrets: [],
      toleranceSeconds: 1,
    };
    const refund = { refundId: "r", intentId: "i", paymentId: "p", amountCents: 1 };
    const { kind } = await createRefund(settings, refund);
    if (kind === "no_answer") throw new Error("no answer");
  },
  "a statement": () => createDatabase(`postgres://user:password@${configured}/db`).rows(sql`SELECT 1`),
  "the command line": () => {
    const client = createClient({ url: `http://${configured}`, key: "k", actor: null });
    return client.post("/api/events", {});
  },
  "a webhook of Stripe's stand-in": async () => {
    const status = await sendByFetch(`http://${configured}/`, {}, "{}");
    if (status === 307) throw new Error("a redirect");
  },
};

describe("a redirect is not followed", () => {
  test.each(Object.keys(calls))("by %s", async (name) => {
    await expect(calls[name]?.()).rejects.toThrow();
    expect(redirected).toBeGreaterThan(0);
    expect(arrived).toBe(0);
  });

  test("by the client of Redis with the key; it cannot be told to follow none", async () => {
    keysElsewhere.length = 0;
    const redis = createRedis({ url: `http://${configured}`, token: "planted" });
    await expect(redis.command(["PING"])).rejects.toThrow(TransientError);
    expect(keysElsewhere).toEqual([undefined]);
  });

  test("control: fetch by itself would follow it", async () => {
    await fetch(`http://${configured}/`, { method: "POST", body: "{}" });
    expect(arrived).toBe(1);
  });
});
