import {
  ConflictError,
  createEngine,
  defineConsumer,
  defineModule,
  defineProduct,
  on,
  parseEngineSettings,
  TransientError,
  ValidationError,
} from "@brain/engine";
import { createCatalog, type EventDefinition, systemHealth } from "@brain/schemas";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { describe, expect, test } from "vitest";
import { nothingTold } from "./about-product.ts";
import { createApp } from "./app.ts";
import { backbonePaths } from "./backbone-mounts.ts";
import { loadRoutes } from "./mounted-routes.ts";
import {
  type Authenticate,
  byApiKey,
  errorAnswers,
  type OperatorOptions,
  openToAll,
  operatorRoutes,
  type RequestLimits,
} from "./operator.ts";
import { declaredRoutes } from "./route-list.ts";

const key = "of-the-operators-0123456789";

/** An engine that no request here has to reach anything with, and what it logs. */
function openEngine(events: readonly EventDefinition[] = []) {
  const lines: string[] = [];
  const settings = parseEngineSettings({
    BRAIN_EVENTSTREAM_MODE: "degraded",
    NEON_DATABASE_URL: "postgres://nobody:nothing@localhost/nowhere",
  });
  const sink = (_level: string, line: string) => lines.push(line);
  return { engine: createEngine({ catalog: createCatalog(events), settings, sink }), lines };
}

function openApp(authenticate: Authenticate = byApiKey(key)) {
  const { engine, lines } = openEngine();
  const app = new Hono().route("/", operatorRoutes({ engine, authenticate }));
  const ask = (path: string, headers: Record<string, string> = {}) => app.request(path, { headers });
  return { app, ask, lines };
}

const withKey = { authorization: `Bearer ${key}` };

test("routes that are open to everybody say why", async () => {
  const app = new Hono().use("/window/*", openToAll("a window")).get("/window/books", (c) => c.text("one"));
  expect(await (await app.request("/window/books")).text()).toBe("one");
  expect(() => openToAll(" ")).toThrow(/openToAll: expected why the routes are open/);
});

describe("what a route of the app throws", () => {
  const secret = "of a statement with values";
  const away = new TransientError(secret, { backend: "postgres" });

  function openFailing(error: Error) {
    const { engine, lines } = openEngine();
    const app = new Hono();
    app.onError(errorAnswers(engine));
    app.get("/", () => {
      throw error;
    });
    return { app, lines };
  }

  test.each([
    ["a conflict", new ConflictError("It is there."), 409, "conflict", null],
    ["an event that is refused", new ValidationError("It is not whole."), 422, "validation_failed", null],
    ["Postgres that is away", away, 503, "unavailable", "1"],
    ["anything else", new Error(secret), 500, "internal_error", null],
  ])("%s is answered as what it is", async (_what, error, status, code, after) => {
    const { app, lines } = openFailing(error);
    const answer = await app.request("/");
    const text = await answer.text();
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([status, after]);
    const body = JSON.parse(text);
    expect(body.error).toMatchObject({ code, request_id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(text).not.toContain(secret);
    // The engine itself says at its start that it has no stream.
    const told = lines.map((line) => JSON.parse(line)).filter((line) => line.path !== undefined);
    expect(told.map(({ request_id }) => request_id)).toEqual(status >= 500 ? [body.error.request_id] : []);
    if (status === 500) expect(told[0]).toMatchObject({ level: "error", status, path: "/" });
  });

  test("an answer that the app itself throws stays as it is", async () => {
    const { app, lines } = openFailing(new HTTPException(418, { message: "tea" }));
    const answer = await app.request("/");
    expect([answer.status, await answer.text()]).toEqual([418, "tea"]);
    expect(lines.join()).not.toContain("tea");
  });
});

test("all routes of the backbone are reached, and each path that is taken has one", async () => {
  const app = createApp({
    open: () => {
      throw new Error("Nothing is sent here.");
    },
    about: nothingTold,
  });
  await loadRoutes(app);
  const found = declaredRoutes(app).map(({ path }) =>
    backbonePaths.find((base) => path === base || path.startsWith(`${base}/`)),
  );
  expect(new Set(found)).toEqual(new Set(backbonePaths));
});

describe("without somebody who says who calls it does not start", () => {
  const { engine } = openEngine();

  test.each([
    [undefined, "not set"],
    ["", "not set"],
    ["short-key-4711", "a text of 14 characters"],
    ["a key with blanks 4711", "a text that no bearer key can be"],
    [["a", "b"], "a object"],
  ])("key %j", (given, expected) => {
    expect(() => byApiKey(given)).toThrow(expected);
    // A secret that is odd is one all the same.
    if (typeof given === "string" && given !== "") expect(() => byApiKey(given)).not.toThrow(given);
  });

  test("no function", () => {
    expect(() => operatorRoutes({ engine } as Partial<OperatorOptions> as OperatorOptions)).toThrow(
      /authenticate is not a function/,
    );
  });
});

test("the key is asked for everywhere but by health, and what is not a route of these is left to the app", async () => {
  const { app, ask } = openApp();
  app.get("/api/orders", (c) => c.text("an order"));
  for (const path of backbonePaths.filter((one) => one.startsWith("/api/") && one !== "/api/health")) {
    expect((await ask(path)).status, path).toBe(401);
    expect((await ask(path, { authorization: `Bearer ${key}x` })).status, path).toBe(401);
  }
  expect((await ask("/metrics")).status).toBe(401);
  expect(await (await ask("/api/me", withKey)).json()).toMatchObject({ scopes: ["admin"], tenant_id: null });
  expect(await (await ask("/api/orders")).text()).toBe("an order");
  expect((await ask("/api/alertsx", withKey)).status).toBe(404);
});

describe("a function of the app", () => {
  const viewer = { kind: "session", id: "ada", name: "Ada", tenantId: "acme", scopes: ["*:read"] } as const;

  test("says who calls, and what it grants is all that may be done", async () => {
    const { ask } = openApp((request) => (request.headers.has("x-ada") ? viewer : null));
    expect((await ask("/api/me", withKey)).status).toBe(401);
    const seen = await ask("/api/me", { "x-ada": "1" });
    expect(await seen.json()).toMatchObject({ id: "ada", tenant_id: "acme", acting_as: "ada" });
    // It concerns all tenants.
    expect((await ask("/api/consumers", { "x-ada": "1" })).status).toBe(403);
  });

  test.each([
    ["tenantId", { ...viewer, tenantId: undefined }],
    ["tenantId", { ...viewer, tenantId: "" }],
    ["scopes", { ...viewer, scopes: ["everything"] }],
    ["id", { ...viewer, id: "Ada Lovelace" }],
    ["id", undefined],
  ])(
    "that gives no whole principal lets nobody in, and the log says what is wrong with %s",
    async (field, given) => {
      const { ask, lines } = openApp(() => given as unknown as typeof viewer);
      const answer = await ask("/api/me");
      expect(answer.status).toBe(500);
      expect(await answer.text()).not.toContain("Ada");
      expect(lines.join("\n")).toContain(`${field}: expected`);
    },
  );
});

test("mounted below a path, where charter would not find them, they say so", async () => {
  const { engine } = openEngine();
  const app = new Hono().route("/shop", operatorRoutes({ engine, authenticate: byApiKey(key) }));
  app.onError((error, c) => c.text(error.message, 500));
  const answer = await app.request("/shop/api/me", { headers: withKey });
  expect(await answer.text()).toContain('stand at "/shop/api/me/*", and charter asks at "/api/me"');
});

test("a route of the app that nobody would reach is told, one that was added before answers", async () => {
  const { app } = openApp();
  app.get("/api/alerts/mine", (c) => c.text("mine"));
  app.get("*", (c) => c.text("anything"));
  app.onError((error, c) => c.text(error.message, 500));
  expect(await (await app.request("/api/alerts/mine")).text()).toMatch(
    /^The app answers GET \/api\/alerts\/mine/,
  );
  // A page for all that is left is no such route.
  expect((await app.request("/api/me", { headers: withKey })).status).toBe(200);
  const { engine } = openEngine();
  const first = new Hono().get("/api/alerts/mine", (c) => c.text("mine"));
  first.route("/", operatorRoutes({ engine, authenticate: byApiKey(key) }));
  expect(await (await first.request("/api/alerts/mine")).text()).toBe("mine");
});

test("limits count callers, and addresses where the host knows them", async () => {
  const none = {
    perIdentity: null,
    perTenant: null,
    perCostly: null,
    perTenantCostly: null,
    perAddress: null,
  };
  const ask = async (limits: RequestLimits, token: string) => {
    const { engine } = openEngine();
    const clientAddress = () => "192.0.2.7";
    const routes = operatorRoutes({ engine, authenticate: byApiKey(key), limits, clientAddress });
    const headers = { authorization: `Bearer ${token}` };
    const answers = [
      await routes.request("/api/me", { headers }),
      await routes.request("/api/me", { headers }),
    ];
    return answers.map(({ status }) => status);
  };
  const one = { ...none, perIdentity: 1, refusalsPerAddress: 1 };
  expect(await ask(one, key)).toEqual([200, 429]);
  expect(await ask(one, `${key}x`)).toEqual([401, 429]);
  // Control: without limits nobody is refused.
  expect(await ask({ ...none, refusalsPerAddress: null }, key)).toEqual([200, 200]);
});

test("the catalogue shows examples that the app gives, and whose a consumer is", async () => {
  const { engine } = openEngine([systemHealth]);
  const reading = defineConsumer({
    subscriber: "reading",
    handlers: [on(systemHealth, async () => undefined)],
  });
  const library = defineModule({ name: "library", events: [], tables: [], consumers: () => [reading] });
  const { modules } = defineProduct<{ readonly path: string }>([library]).open({});
  const example = { from: "the app" };
  const examples = async () => ({ [`${systemHealth.type}@${systemHealth.version}`]: example });
  const options = { engine, authenticate: byApiKey(key), modules, examples };
  const routes = operatorRoutes(options);
  const catalog = async (path: string) =>
    (await routes.request(`/api/catalog${path}?observed=false`, { headers: withKey })).json();
  expect(await catalog(`/${systemHealth.type}`)).toMatchObject({ example });
  expect(await catalog("")).toMatchObject({ subscribers: [{ subscriber: "reading", module: "library" }] });
});
