import { agentError } from "@brain/schemas";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { identified } from "../../../src/http/kit/access.ts";
import type { ModuleEnv } from "../../../src/http/kit/module-env.ts";
import { loadRoutes } from "../../../src/http/mounted-routes.ts";
import { openProduct } from "../../../src/http-composition.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { courseRequest } from "../../modules/course_factory/fixtures.ts";
import { createPaymentEngine } from "../../modules/payment/stripe-fixture.ts";
import { createSurface } from "../surface.ts";
import { isPublic, pathOf, type Route, routesOf } from "./routes.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(() => engine?.cleanup());

// The routes are those of the product as it is built; nothing is sent to this one.
const everything = openProduct(
  parseConfig({
    NEON_DATABASE_URL: "postgres://u:p@127.0.0.1/d",
    UPSTASH_REDIS_REST_URL: "http://127.0.0.1",
    UPSTASH_REDIS_REST_TOKEN: "t",
    BRAIN_API_KEY: "k".repeat(32),
  }),
).createApp(() => {
  throw new Error("nothing is sent here");
});
await loadRoutes(everything);
const posts = routesOf(everything).filter(({ method }) => method === "POST");

/** Beside those that anybody may use: whose answer is a secret. */
const secret = [
  "/api/ir/approvals",
  "/api/keys",
  "/api/keys/:id/rotate",
  "/api/sessions",
  "/api/webhooks",
  "/api/webhooks/:id/rotate",
];
const refusing = (route: Route) => isPublic(route) || secret.includes(route.path);
/** Payments find by themselves what a first try has made: what was refused is not kept. */
const own = ["/api/paycore/intents", "/api/paycore/intents/:id/checkout", "/api/paycore/refunds"];

describe("a key on every POST that there is:", () => {
  test.each(posts.map((route) => [route.path, route] as const))("%s", async (_path, route) => {
    const path = pathOf(route);
    const headers = { "idempotency-key": crypto.randomUUID() };
    const first = await engine.request("POST", path, { a: 1 }, headers);
    if (refusing(route)) {
      expect(first.status).toBe(400);
      expect(first.body.error.message).toContain("Idempotency-Key");
      return;
    }
    expect(first.status, first.text).toBeLessThan(500);
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    const again = await engine.request("POST", path, { a: 1 }, headers);
    const other = await engine.request("POST", path, { a: 2 }, headers);
    if (own.includes(route.path)) return;
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(other.status, other.text).toBe(409);
  });

  test("finds routes of all kinds, so that the table can fail", () => {
    const paths = posts.map(({ path }) => path);
    expect(paths.length).toBeGreaterThan(60);
    expect(paths).toEqual(
      expect.arrayContaining(["/api/missions/enqueue", "/api/events", "/api/agents/broadcast", ...own]),
    );
  });
});

const course = { ...courseRequest(), dry_run: false };
const creations: readonly (readonly [path: string, body: unknown, count: string])[] = [
  ["/api/missions/enqueue", { type: "echo", payload: {} }, "SELECT count(*)::int AS n FROM missions"],
  ["/api/tasks", { title: "A task to be made once" }, "SELECT count(*)::int AS n FROM task_items"],
  [
    "/api/events",
    { type: agentError.type, source: "robot", payload: { agent_id: "robot", error: "Stuck" } },
    "SELECT count(*)::int AS n FROM events WHERE type = 'agent.error' AND source = 'robot'",
  ],
  [
    "/api/agents/planner/messages",
    { from: "scout", message: { text: "hello" } },
    "SELECT count(*)::int AS n FROM events WHERE type = 'agent.message'",
  ],
  ["/api/agents/walker/online", {}, "SELECT count(*)::int AS n FROM events WHERE source = 'walker'"],
  ["/api/course-factory/generate", course, "SELECT count(*)::int AS n FROM course_factory_courses"],
];

describe.each(creations)("POST %s with a key", (path, body, counting) => {
  const count = async () => (await engine.sql<{ n: number }>(counting))[0]?.n ?? -1;
  const post = (key: string) => engine.request("POST", path, body, { "idempotency-key": key });

  test("makes one thing, however often and at once it is sent", async () => {
    const before = await count();
    const key = crypto.randomUUID();
    const answers = await Promise.all([post(key), post(key), post(key)]);
    expect(answers.filter(({ status }) => status < 300).length).toBeGreaterThan(0);
    for (const { status } of answers) expect(status === 409 || status < 300, String(status)).toBe(true);
    const again = await post(key);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(answers.map(({ text }) => text)).toContain(again.text);
    expect(await count()).toBe(before + 1);
  });

  test("makes no second one when the first died behind its commit", async () => {
    const key = crypto.randomUUID();
    const first = await post(key);
    const before = await count();
    await engine.sql(
      "UPDATE idempotency_keys SET status = NULL, response = NULL, created_at = now() - interval '2 minutes' WHERE key = $1",
      [key],
    );
    const repeated = await post(key);
    expect(await count()).toBe(before);
    // An event is found by its id. Of everything else the caller learns where to look.
    if (path === "/api/events") expect(repeated.body.id).toBe(first.body.id);
    else {
      expect(repeated.status).toBe(409);
      expect(repeated.body.error.message).toContain(String(first.headers.get("x-correlation-id")));
    }
  });
});

test("control: without the note in the transaction, a first request that died leads to a second mission", async () => {
  const count = async () =>
    (await engine.sql<{ n: number }>("SELECT count(*)::int AS n FROM missions"))[0]?.n ?? -1;
  const before = await count();
  const key = crypto.randomUUID();
  const post = () =>
    engine.request(
      "POST",
      "/api/missions/enqueue",
      { type: "echo", payload: {} },
      { "idempotency-key": key },
    );
  await post();
  await engine.sql(
    `UPDATE idempotency_keys SET status = NULL, response = NULL, committed_at = NULL,
       created_at = now() - interval '2 minutes' WHERE key = $1`,
    [key],
  );
  await post();
  expect(await count()).toBe(before + 2);
});

test("a first request that is overtaken by its repetition does nothing", async () => {
  let arrived = 0;
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const routes = new Hono<ModuleEnv>().post("/", identified("a test"), async (c) => {
    const turn = ++arrived;
    await c.var.services.transact({ source: "test" }, async (tx) => {
      if (turn === 1) await gate;
      await tx.execute(`INSERT INTO done VALUES (${turn})`);
    });
    return c.json({ turn });
  });
  const surface = await createSurface({ mounts: [{ path: "/api/work", routes }] });
  onTestFinished(async () => {
    await surface.background();
    await surface.cleanup();
  });
  await surface.sql("CREATE TABLE done (turn integer)");
  const post = () => surface.post("/api/work", {}, { "idempotency-key": "k" });
  const slow = post();
  await expect.poll(() => arrived).toBe(1);
  await surface.sql("UPDATE idempotency_keys SET created_at = now() - interval '2 minutes'");
  expect((await post()).body).toEqual({ turn: 2 });
  release();
  expect((await slow).status).toBe(409);
  expect(await surface.sql("SELECT turn FROM done")).toEqual([{ turn: 2 }]);
  expect((await post()).body).toEqual({ turn: 2 });
});

test("an intent and a refund with a key are made once", async () => {
  const payments = await createPaymentEngine();
  onTestFinished(() => payments.cleanup());
  const headers = { "idempotency-key": "k-1", "x-actor-id": "user-1" };
  const post = () => payments.request("POST", "/api/paycore/intents", { amount_cents: 900 }, headers);
  const [first, second] = [await post(), await post()];
  expect([second.status, second.body.intent_id]).toEqual([201, first.body.intent_id]);
  expect(second.headers.get("idempotency-replayed")).toBe("true");
});
