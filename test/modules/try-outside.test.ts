import { createServer } from "node:http";
import { courseAccessGranted } from "@brain/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../engine.ts";
import { listen } from "../listening.ts";

/* Trying out a handler of the product that calls the outside, by credentials of tenants. */

let arrived = 0;
const receiver = createServer((request, response) => {
  arrived += 1;
  request.resume();
  response.end();
});
let engine: TestEngine;
let origin: string;
let eventId: string;

beforeAll(async () => {
  const port = await listen(receiver);
  origin = `http://127.0.0.1:${port}`;
  engine = await createTestEngine({
    BRAIN_NOTIFY_URL: `${origin}/hook/SECRET`,
    BRAIN_NOTIFY_SECRET: "0123456789abcdef0123456789abcdef",
  });
  const sent = await engine.request("POST", "/api/events", {
    type: courseAccessGranted.type,
    tenant_id: "acme",
    payload: {
      course_id: "c-1",
      user_id: "u-1",
      tenant_id: "acme",
      payment_id: null,
      granted_at: "2026-11-26T10:00:00.000Z",
      reason: null,
    },
  });
  expect(sent.status, sent.text).toBe(202);
  eventId = sent.body.id;
});
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await engine?.cleanup();
});

const subscriber = "course_access_notifications";
const tryIt = (headers = {}) => engine.request("POST", `/api/events/${eventId}/try`, { subscriber }, headers);

test("a notification is not sent while it is tried, and nothing is noted; control: its delivery sends it", async () => {
  const { status, body, text } = await tryIt();
  expect(status, text).toBe(200);
  expect(body).toMatchObject({
    outcome: "unknown",
    stopped_by: "outside",
    calls: [{ method: "POST", origin }],
  });
  expect(text).not.toContain("SECRET");
  expect(arrived).toBe(0);
  const noted = () => engine.sql("SELECT FROM course_access_notifications");
  expect(await noted()).toEqual([]);
  await engine.settle();
  expect(arrived).toBe(1);
  expect(await noted()).toHaveLength(1);
});

test("a credential of one tenant tries its own events, one without operate none", async () => {
  const keyOf = async (tenant_id: string, scopes: readonly string[]) => {
    const made = await engine.request("POST", "/api/keys", { name: "a test", tenant_id, scopes });
    expect(made.status, made.text).toBe(201);
    return { authorization: `Bearer ${made.body.key}` };
  };
  expect((await tryIt(await keyOf("acme", ["operate", "events:read"]))).status).toBe(200);
  expect((await tryIt(await keyOf("zenith", ["operate", "events:read"]))).status).toBe(404);
  expect((await tryIt(await keyOf("acme", ["*:read"]))).status).toBe(403);
});
