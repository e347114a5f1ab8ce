import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Followed, ModuleEnv, RequestServices } from "../../../src/http/kit/module-env.ts";
import { irGovernanceRoutes } from "../../../src/modules/ir_governance/routes.ts";
import { testApiKey } from "../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { waitFor } from "../../wait-for.ts";
import { approve, base, consume, letExpire } from "./fixtures.ts";

let engine: TestEngine;
let listeners: Listener[];
beforeEach(async () => {
  engine = await createTestEngine();
  listeners = [];
});
afterEach(async () => {
  for (const listener of listeners) await listener.close();
  await engine?.cleanup();
});

interface Message {
  readonly id: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

interface Listener {
  readonly headers: Headers;
  readonly messages: readonly Message[];
  close(): Promise<void>;
}

function parse(block: string): Message {
  const fields = new Map(
    block.split("\n").map((line): [string, string] => {
      const at = line.indexOf(":");
      return [line.slice(0, at), line.slice(at + 1).trim()];
    }),
  );
  return {
    id: fields.get("id") ?? "",
    event: fields.get("event") ?? "message",
    data: JSON.parse(fields.get("data") ?? "null"),
  };
}

/** Reads a feed as a browser does. */
async function listen(query: string, headers: Readonly<Record<string, string>> = {}): Promise<Listener> {
  const gone = new AbortController();
  const response = await engine.app.request(`${base}/approvals/stream?${query}`, {
    headers: { authorization: `Bearer ${testApiKey}`, ...headers },
    signal: gone.signal,
  });
  expect(response.status).toBe(200);
  const messages: Message[] = [];
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const reading = (async () => {
    let rest = "";
    for (;;) {
      const chunk = await reader?.read();
      if (chunk === undefined || chunk.done) break;
      const blocks = (rest + chunk.value).split("\n\n");
      rest = blocks.pop() ?? "";
      messages.push(...blocks.map(parse));
    }
  })();
  reading.catch(() => undefined);
  const listener: Listener = {
    headers: response.headers,
    messages,
    async close() {
      gone.abort();
      await reader?.cancel().catch(() => undefined);
    },
  };
  listeners.push(listener);
  // The first message says that the feed has begun.
  await waitFor(
    "the begin of the feed",
    () => messages.length,
    (count) => count > 0,
  );
  return listener;
}

const told = ({ messages }: Listener) => messages.filter(({ event }) => event !== "heartbeat");
const eventsOf = (listener: Listener, count: number) =>
  waitFor(
    `${count} messages`,
    () => told(listener).map(({ event }) => event),
    (events) => events.length >= count,
  );
const ir_hash = "a".repeat(64);

describe("the feed of approvals", () => {
  test("begins with a heartbeat and tells what happens, as it happens", async () => {
    const listener = await listen("tenant_id=tenant_a");
    expect(listener.headers.get("content-type")).toContain("text/event-stream");
    expect(listener.messages[0]).toMatchObject({ event: "heartbeat", id: expect.stringMatching(/^\d+-\d+/) });

    const { token, approval_id } = await approve(engine, ir_hash);
    await engine.relay();
    expect(await eventsOf(listener, 1)).toEqual(["approval_created"]);
    await engine.request("POST", `${base}/approvals/${approval_id}/acknowledge`, {
      acknowledged_by: "user-1",
    });
    await consume(engine, { token, ir_hash });
    await consume(engine, { token, ir_hash });
    const over = await approve(engine, ir_hash);
    await letExpire(engine, over.approval_id);
    await consume(engine, { token: over.token, ir_hash });
    await engine.relay();
    expect(await eventsOf(listener, 6)).toEqual([
      "approval_created",
      "approval_acknowledged",
      "approval_consumed",
      "approval_invalid",
      "approval_created",
      "approval_expired",
    ]);
    expect(told(listener)[0]?.data).toMatchObject({
      approval_id,
      tenant_id: "tenant_a",
      type: "ir.approval_created",
      event_id: expect.any(String),
    });
    expect(JSON.stringify(listener.messages)).not.toContain(token);
  });

  test("goes on behind the last id a listener received, and leaves nothing out", async () => {
    const first = await listen("tenant_id=tenant_a");
    const early = await approve(engine, ir_hash);
    await engine.relay();
    await eventsOf(first, 1);
    const lastId = told(first)[0]?.id ?? "";
    await first.close();

    await consume(engine, { token: early.token, ir_hash });
    const late = await approve(engine, ir_hash);
    await engine.relay();
    const expected = ["approval_consumed", "approval_created"];
    const byHeader = await listen("tenant_id=tenant_a", { "last-event-id": lastId });
    expect(await eventsOf(byHeader, 2)).toEqual(expected);
    const byQuery = await listen(`tenant_id=tenant_a&last_event_id=${lastId}`);
    expect(await eventsOf(byQuery, 2)).toEqual(expected);
    expect(told(byQuery)[1]?.data.approval_id).toBe(late.approval_id);
    // A browser keeps the address it began with, so the header is the newer of both.
    const newest = told(byHeader)[0]?.id ?? "";
    const both = await listen(`tenant_id=tenant_a&last_event_id=${lastId}`, { "last-event-id": newest });
    expect(await eventsOf(both, 1)).toEqual(["approval_created"]);
  });

  test("control: a listener that comes back without an id misses what happened meanwhile", async () => {
    const first = await listen("tenant_id=tenant_a");
    await first.close();
    await approve(engine, ir_hash);
    await engine.relay();
    const second = await listen("tenant_id=tenant_a");
    const { token } = await approve(engine, "b".repeat(64));
    await engine.relay();
    await consume(engine, { token, ir_hash: "b".repeat(64) });
    await engine.relay();
    expect(await eventsOf(second, 2)).toEqual(["approval_created", "approval_consumed"]);
  });

  test("tells a tenant nothing of another", async () => {
    const listener = await listen("tenant_id=tenant_b");
    await approve(engine, ir_hash);
    await approve(engine, ir_hash, { tenant_id: "tenant_b" });
    await engine.relay();
    await eventsOf(listener, 1);
    expect(told(listener).map(({ data }) => data.tenant_id)).toEqual(["tenant_b"]);
  });

  test("ends with its listener: nothing is read for one who has gone", async () => {
    let isFollowing = false;
    async function* follow(_filter: unknown, _after: unknown, signal: AbortSignal): AsyncGenerator<Followed> {
      isFollowing = true;
      try {
        yield { cursor: "1-1", event: null };
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      } finally {
        isFollowing = false;
      }
    }
    const services = { follow, now: () => new Date(), log: engine.open().log } as unknown as RequestServices;
    const app = new Hono<ModuleEnv>()
      .use(async (c, next) => {
        c.set("services", services);
        await next();
      })
      .route("/", irGovernanceRoutes({ mode: "opt_in", approvalTier: 2, maxBudgetCents: null }));
    const open = async (signal: AbortSignal) => {
      const response = await app.request("/approvals/stream?tenant_id=tenant_a", { signal });
      const reader = response.body?.getReader();
      await reader?.read();
      expect(isFollowing).toBe(true);
      return reader;
    };
    // A client that goes shows as a request that is aborted, or as an answer that nobody reads.
    const gone = new AbortController();
    await open(gone.signal);
    gone.abort();
    await waitFor(
      "the end after an aborted request",
      () => isFollowing,
      (following) => !following,
    );
    const reader = await open(new AbortController().signal);
    await reader?.cancel();
    await waitFor(
      "the end after a cancelled answer",
      () => isFollowing,
      (following) => !following,
    );
  });

  test("is refused without a tenant, with an id that is not its own, and without a key", async () => {
    const ask = (query: string, headers = {}) =>
      engine.request("GET", `${base}/approvals/stream?${query}`, undefined, headers);
    for (const query of [
      "",
      "tenant_id=",
      "tenant_id=a&last_event_id=x",
      "tenant_id=a&last_event_id=1-1,2-2,3-3",
    ]) {
      expect((await ask(query)).status).toBe(422);
    }
    expect((await ask("tenant_id=a", { "last-event-id": "x" })).status).toBe(422);
    expect((await ask("tenant_id=a", { authorization: "Bearer wrong-wrong-wrong" })).status).toBe(401);
  });
});

describe("without a stream", () => {
  test("the feed says that it is unavailable, and approvals work all the same", async () => {
    const degraded = await createTestEngine({
      BRAIN_EVENTSTREAM_MODE: "degraded",
      UPSTASH_REDIS_REST_URL: "",
      UPSTASH_REDIS_REST_TOKEN: "",
    });
    try {
      const answer = await degraded.request("GET", `${base}/approvals/stream?tenant_id=tenant_a`);
      expect([answer.status, answer.body.error.code]).toEqual([503, "unavailable"]);
      const { token } = await approve(degraded, ir_hash);
      expect(await consume(degraded, { token, ir_hash })).toMatchObject({ success: true });
    } finally {
      await degraded.cleanup();
    }
  });
});
