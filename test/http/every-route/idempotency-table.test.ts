import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { type KeyHandling, keyHandlingOf } from "../../../src/http/kit/mount.ts";
import { loadRoutes } from "../../../src/http/mounted-routes.ts";
import { openProduct } from "../../../src/http-composition.ts";
import { plantLetters } from "../../engine/operations/bulk-fixture.ts";
import { courseRequest } from "../../modules/course_factory/fixtures.ts";
import { createGatedProduct, type GatedProduct } from "../gated-product.ts";
import type { Reply } from "../surface.ts";
import { bodyDraft, queryDraft, queryText } from "./route-drafts.ts";
import { isPublic, nameOf, pathOf, type Route, routesOf } from "./routes.ts";
import { type WriteWatch, watchWrites } from "./write-watch.ts";

/*
 * Every route that changes something, sent with a key, as what the product has at the time lets it: whoever writes and is
 * answered well has noted that, so that a repetition does not do it again when the answer was lost.
 */

const product = openProduct(
  parseConfig({
    NEON_DATABASE_URL: "postgres://u:p@127.0.0.1/d",
    UPSTASH_REDIS_REST_URL: "http://127.0.0.1",
    UPSTASH_REDIS_REST_TOKEN: "t",
    BRAIN_API_KEY: "k".repeat(32),
  }),
);
const everything = product.createApp(() => {
  throw new Error("nothing is sent here");
});
await loadRoutes(everything);
const mounts = product.modules.flatMap(({ routes }) => routes);
const changing = routesOf(everything).filter(({ method }) => method !== "GET");
const handlingOf = (route: Route): KeyHandling =>
  isPublic(route) ? "refused" : keyHandlingOf(mounts, route.path);
const keeping = changing.filter((route) => route.method === "POST" && handlingOf(route) === "kept");

/** They find by the key what a first try has made, so a repetition is answered with that, and not refused. */
const findsItself = ["/api/events", "/api/events/batch", "/api/dead-letters/redrive", "/api/replays"];
interface Prepared {
  readonly path?: string;
  readonly query?: object;
  readonly body?: unknown;
}

let system: GatedProduct;
let writes: WriteWatch;
/** What a route needs that a request made from its schema has not: by the path of the route. */
let prepared: Readonly<Record<string, Prepared>>;
beforeAll(async () => {
  system = await createGatedProduct({
    relays: false,
    env: { BRAIN_ALERT_SLACK_URL: "https://hooks.example/alerts" },
  });
  prepared = await prepare(system);
  writes = await watchWrites(system, ["idempotency_keys"]);
});
afterAll(() => system?.close());

async function send(
  route: Pick<Route, "method">,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const type = typeof body === "string" ? "application/x-ndjson" : "application/json";
  return system.send(path, {
    method: route.method,
    headers: { ...(body === undefined ? {} : { "content-type": type }), "x-actor-id": "user-1", ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}

async function prepare(on: GatedProduct): Promise<Readonly<Record<string, Prepared>>> {
  const make = async (path: string, body?: unknown) => {
    const reply = await send({ method: "POST" }, path, body);
    expect(reply.status, `${path}: ${reply.text}`).toBeLessThan(300);
    return reply.body;
  };
  const mission = async () =>
    (await make("/api/missions/enqueue", { type: "echo", payload: {} })).mission_id as string;
  const template = (
    await make("/api/missions/templates", { name: "T", category: "c", steps: [{ order: 1, action: "echo" }] })
  ).id;
  const hook = async () =>
    (await make("/api/webhooks", { url: "https://a.example/x", event_types: ["task.*"] })).id as string;
  const key = (await make("/api/keys", { name: "a person", roles: ["viewer"] })).id;
  const task = (await make("/api/tasks", { title: "A task" })).task_id;
  const [alert, other] = await on.sql<{ id: string }>(
    `INSERT INTO alerts (kind, subject, severity, message) VALUES
       ('missing_tick', 'cron', 'critical', 'm'), ('missing_tick', 'janitor', 'critical', 'm') RETURNING id::text`,
  );
  const [letter] = await plantLetters(on, [{ subscriber: "tasks" }]);
  const event = (
    await make("/api/events", {
      type: "agent.error",
      source: "robot",
      payload: { agent_id: "robot", error: "Stuck" },
    })
  ).id;
  const course = (await make("/api/course-factory/generate", courseRequest())).course_id;
  const reason = { reason: "for a test" };
  return {
    "/api/events": {
      body: { type: "agent.error", source: "robot", payload: { agent_id: "robot", error: "Stuck" } },
    },
    "/api/events/batch": {
      body: [{ type: "agent.error", source: "robot", payload: { agent_id: "robot", error: "Stuck" } }],
    },
    "/api/dead-letters/:id/discard": { path: `/api/dead-letters/${letter}/discard`, body: reason },
    "/api/dead-letters/redrive": { body: { filter: { subscriber: "payment" } } },
    "/api/replays": {
      body: { subscriber: "tasks", name: "again", event_id: event, mode: "force", ...reason },
    },
    "/api/consumers/:subscriber/drain": { path: "/api/consumers/tasks/drain" },
    "/api/consumers/:subscriber/pause": { path: "/api/consumers/tasks/pause", body: reason },
    "/api/consumers/:subscriber/resume": { path: "/api/consumers/tasks/resume", body: {} },
    "/api/subjects/erase": { body: { subject: "user-1", without_tenant: true, ...reason } },
    "/api/alerts/:id/acknowledge": { path: `/api/alerts/${alert?.id}/acknowledge`, body: {} },
    "/api/alerts/:id/close": { path: `/api/alerts/${other?.id}/close`, body: reason },
    "/api/missions/templates/:id/instantiate": {
      path: `/api/missions/templates/${template}/instantiate`,
      body: {},
    },
    "/api/missions/:id/cancel": { path: `/api/missions/${await mission()}/cancel`, body: reason },
    "/api/missions/:id/log": { path: `/api/missions/${await mission()}/log`, body: { message: "m" } },
    "/api/webhooks/:id/test": { path: `/api/webhooks/${await hook()}/test` },
    "/api/webhooks/:id/disable": { path: `/api/webhooks/${await hook()}/disable`, body: reason },
    "/api/webhooks/:id/enable": { path: `/api/webhooks/${await hook()}/enable` },
    "/api/keys/:id/revoke": { path: `/api/keys/${key}/revoke` },
    "/api/tasks": { body: { title: "Another task" } },
    "/api/tasks/:id/complete": { path: `/api/tasks/${task}/complete`, body: {} },
    "/api/course-factory/generate": { body: courseRequest() },
    "/api/course-factory/webgenesis/build-sections": { body: { course_id: course } },
    "/api/course-factory/webgenesis/generate-seo": { body: { course_id: course } },
    "/api/course-factory/webgenesis/bind-theme": { body: { course_id: course, theme_id: "course-minimal" } },
    "/api/courses/:course_id/enroll": { path: `/api/courses/${course}/enroll`, body: {} },
  };
}

/** Sends it with a new key. */
async function sendKeyed(route: Route) {
  const given = prepared[route.path] ?? {};
  const key = randomUUID();
  const body = "body" in given || given.path !== undefined ? given.body : bodyDraft(route);
  const path =
    (given.path ?? pathOf(route)) + queryText(given.query ?? (given.path ? {} : queryDraft(route)));
  const reply = await send(route, path, body, { "idempotency-key": key });
  const written = await writes.since();
  const rows = await system.sql<{ noted: boolean }>(
    "SELECT committed_at IS NOT NULL AS noted FROM idempotency_keys WHERE key = $1",
    [key],
  );
  return { reply, written, noted: rows[0]?.noted ?? null };
}

const reached: string[] = [];

describe("whoever writes with a key has noted it:", () => {
  test.each(keeping.map((route) => [route.path, route] as const))("%s", async (path, route) => {
    const { reply, written, noted } = await sendKeyed(route);
    expect(reply.status, reply.text).toBeLessThan(500);
    if (reply.status >= 300) return;
    reached.push(path);
    if (findsItself.includes(path)) expect([written.length > 0, noted]).toEqual([true, false]);
    // A row that is locked and left as it is counts as written for Postgres.
    else if (written.length > 0) expect([written, noted]).toEqual([written, true]);
  });

  test("and enough of them are reached, in all ways in which routes write", () => {
    expect(reached.length).toBeGreaterThan(44);
    expect(reached).toEqual(expect.arrayContaining([...findsItself, ...Object.keys(prepared)]));
  });
});

test.each(changing.filter(({ method }) => method !== "POST").map((route) => [nameOf(route), route] as const))(
  "%s keeps no key",
  async (_name, route) => {
    expect((await sendKeyed(route)).noted).toBeNull();
  },
);
