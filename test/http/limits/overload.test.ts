import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createApp } from "../../../src/http/app.ts";
import { identified } from "../../../src/http/kit/access.ts";
import type { ModuleEnv } from "../../../src/http/kit/module-env.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { waitFor } from "../../wait-for.ts";
import { healthReport } from "../sample-events.ts";
import { readReply } from "../surface.ts";

/** More requests than may be in work. */

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(() => engine?.cleanup());

const places = 5;
/** Time stands still: a request that is in work for long would give way to another. */
const now = (() => {
  const nowMs = Date.now();
  return () => nowMs;
})();

/** The app with a route whose requests are in work until the test lets them go. */
function openApp(requestPlaces: number, apiKey = "overload-key-0123456789") {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const inWork = { count: 0 };
  const kept: Promise<unknown>[] = [];
  const routes = new Hono<ModuleEnv>().get("/", identified("a test"), async (c) => {
    inWork.count += 1;
    await opened;
    return c.json({ done: true });
  });
  const app = createApp({
    modules: [{ name: "test", routes: [{ path: "/api/slow", routes }] }],
    requestPlaces,
    open: () => ({
      invocation: { ...engine.open(), now },
      apiKey,
      waitUntil: (work) => void kept.push(work),
      afterCommit: () => undefined,
      startJobs: () => undefined,
    }),
  });
  const ask = async (path: string, body?: unknown, signal?: AbortSignal) =>
    readReply(
      await app.request(path, {
        method: body === undefined ? "GET" : "POST",
        headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      }),
    );
  /** Takes places, and returns when the requests are in work. */
  const fill = async (count = places) => {
    const before = inWork.count;
    const slow = Array.from({ length: count }, () => ask("/api/slow"));
    await waitFor(
      "the requests are in work",
      () => inWork.count - before,
      (seen) => seen === count,
    );
    return slow;
  };
  return { ask, fill, inWork, kept, open: () => open() };
}

/** The product with one place, and a request that has it until the test sends the rest of its body. */
async function openFullProduct() {
  const full = await createTestEngine({ BRAIN_REQUESTS_MAX: "1" }, { now });
  onTestFinished(() => full.cleanup());
  const { key } = (await full.request("POST", "/api/keys", { name: "a person", roles: ["admin"] })).body;
  const lost = (await full.request("POST", "/api/keys", { name: "lost", roles: ["viewer"] })).body.id;
  const rest = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await rest.promise;
      controller.enqueue(new TextEncoder().encode(JSON.stringify(healthReport())));
      controller.close();
    },
  });
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const slow = full.app.request("/api/events", {
    method: "POST",
    headers,
    body,
    duplex: "half",
  } as RequestInit);
  const ask = async (method: string, path: string, given: Readonly<Record<string, string>> = headers) => {
    const answer = await full.app.request(path, { method, headers: given });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  return { ask, lost, slow, open: () => rest.resolve() };
}

const recorded = async () =>
  (await engine.sql<{ count: number }>("SELECT count(*)::int AS count FROM events"))[0]?.count;

describe("when as many requests are in work as may be", () => {
  test("the next one is refused at once, in the form of all errors, and nothing of it is done", async () => {
    const app = openApp(places);
    const slow = await app.fill();
    const before = await recorded();
    const reply = await app.ask("/api/events", healthReport());
    expect(reply.status).toBe(503);
    expect(reply.body).toEqual({
      error: {
        code: "unavailable",
        message: expect.stringContaining("nothing was done"),
        request_id: expect.any(String),
      },
      retry_after_ms: expect.any(Number),
    });
    const ms = Number(reply.headers.get("retry-after-ms"));
    expect(ms).toBe(reply.body.retry_after_ms);
    expect(ms).toBeGreaterThanOrEqual(250);
    expect(reply.headers.get("retry-after")).toBe("1");
    expect(await recorded()).toBe(before);
    app.open();
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual(Array(places).fill(200));
    expect((await app.ask("/api/events", healthReport())).status).toBe(202);
  });

  test("control: with more places it is done", async () => {
    const app = openApp(places + 1);
    await app.fill();
    expect((await app.ask("/api/events", healthReport())).status).toBe(202);
    app.open();
  });

  test("health and operators are answered", async () => {
    const app = openApp(places);
    await app.fill();
    expect((await app.ask("/api/health")).status).toBe(200);
    for (const path of [
      "/api/consumers",
      "/api/dead-letters",
      "/api/alerts",
      "/api/replays",
      "/api/operator-actions",
      "/api/overview",
      "/api/settings",
      "/api/tenants",
      "/api/audit/days",
      "/api/audit/events",
      "/api/catalog",
      "/api/me",
      "/api/events/stats",
      "/metrics",
    ]) {
      expect([path, (await app.ask(path)).status]).toEqual([path, 200]);
    }
    // One event and its story: there is none.
    for (const path of ["/api/events/correlation/x", `/api/events/${crypto.randomUUID()}`]) {
      expect([path, (await app.ask(path)).status]).toEqual([path, 404]);
    }
    for (const path of ["/api/events/history", "/api/events/export", "/api/none"]) {
      expect([path, (await app.ask(path)).status]).toEqual([path, 503]);
    }
    app.open();
  });

  test("the console is answered, whatever its pages ask, and a key can be revoked", async () => {
    const { ask, lost, slow, open } = await openFullProduct();
    const opened = await ask("POST", "/api/sessions");
    expect(opened.status, opened.text).toBe(201);
    const cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? "";
    for (const page of ["/", "/events", "/consumers", "/missions", "/approvals", "/settings"]) {
      const { status, text } = await ask("GET", page, { cookie, accept: "text/html" });
      expect([page, status, text.includes("nothing was done")]).toEqual([page, 200, false]);
    }
    expect((await ask("POST", `/api/keys/${lost}/revoke`)).status).toBe(200);
    // Control: what programs ask has no place.
    expect((await ask("GET", "/api/missions")).status).toBe(503);
    open();
    expect((await slow).status).toBe(202);
  });

  test("those who follow events hold none of the places", async () => {
    const app = openApp(places);
    const gone = new AbortController();
    const listeners = Array.from({ length: 3 * places }, () =>
      app.ask("/api/events/stream", undefined, gone.signal).catch((error: unknown) => error),
    );
    await waitFor(
      "an ordinary request has room",
      async () => (await app.ask("/api/events", healthReport())).status,
      (status) => status === 202,
    );
    gone.abort();
    await Promise.all(listeners);
  });

  test("the work of a client that has gone is kept until its place is free", async () => {
    const app = openApp(places);
    await app.fill();
    expect(app.kept).toHaveLength(places);
    let isKept = true;
    const ends = Promise.all(app.kept).then(() => {
      isKept = false;
    });
    await app.ask("/api/health");
    expect(isKept).toBe(true);
    app.open();
    await ends;
    expect(isKept).toBe(false);
  });

  test("the log tells of many refusals once", async () => {
    const app = openApp(places);
    await app.fill();
    const before = engine.logs.length;
    for (let n = 0; n < 50; n += 1) expect((await app.ask("/api/events", healthReport())).status).toBe(503);
    const lines = engine.logs.slice(before);
    expect(lines.filter((line) => line.includes("BRAIN_REQUESTS_MAX"))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
    app.open();
  });
});
