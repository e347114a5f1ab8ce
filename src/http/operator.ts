/** The door of `@brain/operator`: what operates a program of your own, over HTTP and by `charter`. */

import type { Engine, OpenedModule } from "@brain/engine";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { matchedRoutes, routePath } from "hono/route";
import { describeProduct } from "./about-product.ts";
import { createApp, executionContextOf } from "./app.ts";
import { backbonePaths } from "./backbone-mounts.ts";
import { answerError } from "./errors.ts";
import type { Host } from "./host.ts";
import type { Principal } from "./kit/access.ts";
import type { Mount } from "./kit/mount.ts";
import { isScope, type Scope, scopeExpectation } from "./kit/scopes.ts";
import { createSecretCheck } from "./kit/secret-check.ts";
import { isTenantId } from "./kit/tenant-id.ts";
import { bearerOf, bootstrap } from "./requests/authentication.ts";
import type { RequestLimits } from "./requests/limits.ts";
import type { LoadExamples } from "./routes/catalog.ts";

export type { LoadExamples, Principal, RequestLimits, Scope };

/**
 * Says who calls, by the headers of a request; its body is for the route. Null: nobody that is known, which is answered 401.
 * For an answer that goes on, as live events, it is asked again every few seconds.
 */
export type Authenticate = (request: Request) => Principal | null | Promise<Principal | null>;

export interface OperatorOptions {
  readonly engine: Engine;
  /** Who calls: `byApiKey(env.BRAIN_API_KEY)`, or a function of the app's own. `GET /api/health` asks nobody. */
  readonly authenticate: Authenticate;
  /** As `defineProduct(…).open(…)` gives them: whose consumer is which. Left out: nobody is told. */
  readonly modules?: readonly OpenedModule<Pick<Mount, "path">>[];
  /** Payloads to show beside the events of the catalogue, by `type@version`. Left out: none. */
  readonly examples?: LoadExamples;
  /** Left out: any number of requests. */
  readonly limits?: RequestLimits;
  /** The network address that a request came from, as the host saw it and no client can choose it; null: not known. Left out: never known. */
  readonly clientAddress?: (c: Context) => string | null;
  /** Keeps work going behind the answer. Left out: `waitUntil` of the host, where it has one. */
  readonly background?: (c: Context, work: Promise<unknown>) => void;
}

/**
 * The routes of operators for an app with routes of its own, before these:
 *
 * ```ts
 * app.route("/", operatorRoutes({ engine, authenticate: byApiKey(env.BRAIN_API_KEY) }));
 * ```
 *
 * They stand where `charter` looks for them: `/api/health`, `/api/events`, `/api/dead-letters` and the others below
 * `/api`, `/metrics`, `/asyncapi.json`, `/schemas`. Whatever else is asked is left to the app.
 *
 * @throws {TypeError} nobody says who calls, or an option is not what it should be
 */
export function operatorRoutes(options: OperatorOptions): Hono {
  requireOptions(options);
  const { engine, authenticate, modules = [], examples, limits } = options;
  const { catalog, settings } = engine;
  const app = createApp({
    open: (c) => openHost(options, c),
    authenticators: [{ authenticate: async ({ request }) => requirePrincipal(await authenticate(request)) }],
    about: describeProduct(settings, { catalog, modules, told: [], settingsOf: () => [] }),
    ...(examples === undefined ? {} : { examples }),
    ...(limits === undefined ? {} : { requestLimits: limits }),
  });
  const routes = new Hono();
  for (const path of backbonePaths) {
    // By itself a path stands for all below it, too.
    routes.all(`${path}/*`, (c) => {
      requirePlace(c, path);
      return app.fetch(c.req.raw, c.env, executionContextOf(c));
    });
  }
  return routes;
}

/**
 * Answers of an app to errors that its routes throw, as the routes of operators answer them: 409 for a conflict, 422 for an
 * event that its schema refuses, 503 with `Retry-After` while Postgres or Redis is away, 500 for what nobody expected, which
 * alone is told in full, and in the log. The body is `{ error: { code, message, request_id, details? } }`.
 *
 * ```ts
 * app.onError(errorAnswers(engine));
 * ```
 *
 * A `HTTPException` of the app, or of Hono's own middleware, is answered as it says itself.
 */
export function errorAnswers({ log }: Pick<Engine, "log">): (error: Error, c: Context) => Response {
  return (error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    const requestId: string = c.get("requestId") ?? crypto.randomUUID();
    c.set("requestId", requestId);
    c.set("log", log.child({ request_id: requestId }));
    return answerError(error, c);
  };
}

/**
 * Says of routes of an app that they are open to everybody: `app.use("/pages/*", openToAll("the shop's window"))`. `charter
 * check` finds routes that neither ask for a key nor say so.
 *
 * @param why they may be
 * @throws {TypeError} it is not said
 */
export function openToAll(why: string): MiddlewareHandler {
  if (typeof why !== "string" || why.trim() === "") {
    throw new TypeError('openToAll: expected why the routes are open, as openToAll("a page for visitors").');
  }
  return (_c, next) => next();
}

const leastKeyLength = 16;
const keyShape = /^[\w.~+/-]+=*$/;

/**
 * One key with all rights, sent as `Authorization: Bearer <key>`. It is compared in a time that says nothing of it.
 *
 * @param key as the environment has it
 * @throws {TypeError} there is none, or it is too short, or no bearer key
 */
export function byApiKey(key: unknown): Authenticate {
  if (typeof key !== "string" || key.length < leastKeyLength || !keyShape.test(key)) {
    // Never shown: it may be a secret.
    throw new TypeError(
      `byApiKey: the key of operators is ${describeKey(key)}, expected at least ${leastKeyLength} letters, digits and . _ ~ + / -. Set it, e.g. BRAIN_API_KEY to what openssl rand -hex 16 prints.`,
    );
  }
  const isKey = createSecretCheck(key);
  return (request) => {
    const token = bearerOf(request);
    return token !== null && isKey(token) ? bootstrap : null;
  };
}

function describeKey(key: unknown): string {
  if (key === undefined || key === null || key === "") return "not set";
  if (typeof key !== "string") return `a ${typeof key}`;
  return key.length < leastKeyLength
    ? `a text of ${key.length} characters`
    : "a text that no bearer key can be";
}

function requireOptions(options: OperatorOptions): void {
  const given = options as Partial<OperatorOptions> | undefined;
  if (typeof given?.engine?.open !== "function") {
    throw new TypeError("operatorRoutes: engine is not what createEngine makes.");
  }
  if (typeof given.authenticate !== "function") {
    throw new TypeError(
      "operatorRoutes: authenticate is not a function, and without it anybody could do everything. Expected byApiKey(env.BRAIN_API_KEY), or a function that says who sent a request.",
    );
  }
}

function openHost({ engine, background, clientAddress }: OperatorOptions, c: Context): Host {
  const invocation = engine.open();
  const waitUntil = (work: Promise<unknown>) => {
    const told = work.catch((error: unknown) =>
      engine.log.error({}, `Work behind an answer failed: ${String(error)}`),
    );
    if (background !== undefined) background(c, told);
    else executionContextOf(c)?.waitUntil(told);
  };
  return {
    invocation,
    apiKey: null,
    clientAddress: clientAddress?.(c) ?? null,
    waitUntil,
    startJobs: (names) => waitUntil(engine.runJobs(names)),
    afterCommit: () => waitUntil(engine.afterCommit({ invocation })),
  };
}

const idShape = /^[A-Za-z0-9][A-Za-z0-9:_.-]{0,99}$/;

/**
 * What a function of the app said, looked at: a field that is left out by mistake must not read as "all tenants".
 *
 * @throws {TypeError} it is neither null nor a whole principal
 */
function requirePrincipal(found: Principal | null): Principal | null {
  if (found === null) return null;
  const { id, name, tenantId, scopes } = (found ?? {}) as Partial<Principal>;
  const faults = [
    typeof id === "string" && idShape.test(id) ? [] : ["id: expected 1 to 100 letters, digits, and : _ . -"],
    typeof name === "string" ? [] : ["name: expected a text"],
    tenantId === null || (typeof tenantId === "string" && isTenantId(tenantId))
      ? []
      : ["tenantId: expected the id of a tenant, or null for all"],
    Array.isArray(scopes) && scopes.every((scope) => typeof scope === "string" && isScope(scope))
      ? []
      : [`scopes: ${scopeExpectation}`],
  ].flat();
  if (faults.length === 0) return found;
  throw new TypeError(`operatorRoutes: authenticate gave no whole principal: ${faults.join("; ")}.`);
}

/** @throws {Error} the app has mounted them elsewhere, or has a route of its own there, which nobody would reach */
function requirePlace(c: Context, path: string): void {
  const here = `${path}/*`;
  if (routePath(c) !== here) {
    throw new Error(
      `operatorRoutes stand at "${routePath(c)}", and charter asks at "${path}". Mount them with app.route("/", …).`,
    );
  }
  const own = matchedRoutes(c).find(
    (route) => route.method !== "ALL" && (route.path === path || route.path.startsWith(`${path}/`)),
  );
  if (own === undefined) return;
  throw new Error(
    `The app answers ${own.method} ${own.path}, and operatorRoutes answer all below ${path}. The route of the app takes another path, or is added before them.`,
  );
}
