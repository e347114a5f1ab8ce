import { BrainError } from "@brain/engine";
import { Hono } from "hono";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readBytes, receiveWhole } from "./request-body.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const app = new Hono().post("/", async (c) => {
  const [first, again] = [await readBytes(c), await readBytes(c)];
  return c.json({ length: first.length, isSame: first === again });
});
app.onError((error, c) => c.text(error instanceof BrainError ? error.code : String(error), 400));

/** A body of these pieces; `pending` never comes to its end. */
function bodyOf(pieces: readonly number[], pending: boolean) {
  const seen = { isCancelled: false };
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const length of pieces) controller.enqueue(new Uint8Array(length));
      if (!pending) controller.close();
    },
    cancel() {
      seen.isCancelled = true;
    },
  });
  return { stream, seen };
}
const send = (body: BodyInit, headers: Readonly<Record<string, string>> = {}) =>
  Promise.resolve(app.request("/", { method: "POST", body, headers, duplex: "half" } as RequestInit));

test.each([
  ["does not say its length", {}],
  ["says its length", { "content-length": "20" }],
])("a body that %s and stands still is given up after 15 s, and not before", async (_what, headers) => {
  const { stream, seen } = bodyOf([10], true);
  let status: number | null = null;
  const answer = send(stream, headers).then((reply) => {
    status = reply.status;
    return reply.text();
  });
  await vi.advanceTimersByTimeAsync(14_999);
  expect(status).toBeNull();
  await vi.advanceTimersByTimeAsync(1);
  expect(await answer).toBe("request_timeout");
  expect(vi.getTimerCount()).toBe(0);
  if (!("content-length" in headers)) expect(seen.isCancelled).toBe(true);
});

test("a body that comes is read once, however often it is asked for, and leaves no timer", async () => {
  for (const pieces of [[], [3, 4], [1_048_576]]) {
    const length = pieces.reduce((sum, one) => sum + one, 0);
    const reply = await send(bodyOf(pieces, false).stream);
    expect(await reply.json()).toEqual({ length, isSame: true });
  }
  expect(vi.getTimerCount()).toBe(0);
});

test("a body that was received whole can be read in any other way, too", async () => {
  const other = new Hono().post("/", async (c) => {
    await receiveWhole(c);
    const bytes = await readBytes(c);
    return c.json({ length: bytes.length, json: await c.req.json(), isUsed: c.req.raw.bodyUsed });
  });
  const body = new Blob(['{"a":1}']).stream();
  const reply = await other.request("/", { method: "POST", body, duplex: "half" } as RequestInit);
  expect(await reply.json()).toEqual({ length: 7, json: { a: 1 }, isUsed: true });
});

test("a body that is too long is not read to its end", async () => {
  const { stream, seen } = bodyOf([1_048_576, 1], true);
  expect(await (await send(stream)).text()).toBe("payload_too_large");
  expect(seen.isCancelled).toBe(true);
});
