import { NotFoundError, newEventId, systemClock, ValidationError } from "@brain/engine";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { requestId } from "hono/request-id";
import { TrieRouter } from "hono/router/trie-router";
import { secureHeaders } from "hono/secure-headers";
import { type AboutProduct, nothingTold } from "./about-product.ts";
import { backboneMounts } from "./backbone-mounts.ts";
import { answerError } from "./errors.ts";
import type { AppEnv, Host } from "./host.ts";
import { type Authenticator, accessOf } from "./kit/access.ts";
import { keyHandlingOf } from "./kit/mount.ts";
import { wantsPage } from "./kit/wants-page.ts";
import { backbone, inOrder, type ModuleRoutes, requireAccessDeclared } from "./module-routes.ts";
import { loadsRoutes, mountRoutes } from "./mounted-routes.ts";
import { admitRequests } from "./requests/admission.ts";
import { authenticate } from "./requests/authentication.ts";
import { idempotent } from "./requests/idempotency.ts";
import { createRequestLimiter, noLimits, type RequestLimits } from "./requests/limits.ts";
import { requestStory } from "./requests/origin.ts";
import { discardUnreadBody, receiveBody, refuseUnreadable, requireStorableUrl } from "./requests/receive.ts";
import { requestServices } from "./requests/services.ts";
import { beginRequestTrace } from "./requests/trace.ts";
import type { LoadExamples } from "./routes/catalog.ts";
import type { DemoMaker } from "./routes/demo.ts";
import { closedDocuments, type DocumentAccess, documentRoutes } from "./routes/document.ts";
import { healthRoutes } from "./routes/health.ts";

/** Answers a request as the routes do. */
type Api = (request: Request, c: Context) => Promise<Response>;

export interface AppOptions {
  /** Opens the invocation of one request. */
  open(c: Context): Host;
  /** Left out: the routes of the backbone alone. */
  readonly modules?: readonly ModuleRoutes[];
  /** Credentials beside the bootstrap key, in the order in which they are asked. Left out: none. */
  readonly authenticators?: readonly Authenticator[];
  /** Requests in work at once; beyond it they are refused. Default 64. */
  readonly requestPlaces?: number;
  /** Left out: any number of requests from anybody. */
  readonly requestLimits?: RequestLimits;
  /** Payloads to show beside the events of the catalogue. Left out: none. */
  readonly examples?: LoadExamples;
  /** Left out: documents of the events are shown to those who may read the catalogue. */
  readonly documents?: DocumentAccess;
  /** What this product is and how it is set, for administrators. Left out: nothing is told. */
  readonly about?: AboutProduct;
  /** Left out: there are no routes of a demo world. */
  readonly demo?: DemoMaker | undefined;
  /** Loads pages for browsers, when a path is asked that has no route. They read and change by the routes. Left out: none. */
  readonly pages?: (api: Api) => Promise<Hono>;
}

const defaultPlaces = 64;

/**
 * The HTTP surface. Built once per isolate; everything that does I/O is opened per request.
 *
 * @throws {Error} two modules answer one route, or a route does not say who may call it; names them
 */
export function createApp(options: AppOptions): Hono<AppEnv> {
  const { modules = [], about = nothingTold, examples = async () => ({}) } = options;
  const mounts = inOrder(modules);
  const limits = new Set(modules.flatMap((module) => module.limits ?? []));
  // One slash at the end is taken off before anything looks at the path, so all see the same one. Hono's other routers
  // take no more routes once a request has come, and build a matcher for all of them before the first one.
  const app = new Hono<AppEnv>({ strict: false, router: new TrieRouter() });
  app.onError(answerError);
  app.notFound((c) => refuseUnknown(app, c));
  const owned = [
    ...backboneMounts({ about, examples, demo: options.demo }).map((mount) => ({
      ...mount,
      owner: backbone,
    })),
    ...mounts,
  ];
  app.use(loadsRoutes(app, (c) => app.fetch(c.req.raw, c.env, executionContextOf(c))));
  const ofPages = new WeakSet<Request>();
  if (options.pages !== undefined) servePages(app, owned, options.pages, ofPages);
  // Before there is a host with its clock, so that also a failure to open one has an id. It is the story's id, too.
  app.use(requestId({ limitLength: 100, generator: () => newEventId(systemClock()) }));
  app.use(secureHeaders());
  app.use(openRequest(options.open, limits));
  app.use(discardUnreadBody());
  app.use(admitRequests(options.requestPlaces ?? defaultPlaces, (request) => ofPages.has(request)));
  app.use(refuseUnreadable());

  app.route("/api/health", healthRoutes());
  app.use(
    authenticate(options.authenticators ?? [], createRequestLimiter(options.requestLimits ?? noLimits)),
  );
  app.use(receiveBody());
  // Not of the API alone: whatever a module mounts reads its address.
  app.use((c, next) => {
    requireStorableUrl(c.req.url);
    return next();
  });
  app.use(
    "/api/*",
    idempotent((c) => (accessOf(c)?.kind === "anybody" ? "refused" : keyHandlingOf(mounts, c.req.path))),
  );
  app.route("/", documentRoutes(examples, options.documents ?? closedDocuments));
  requireAccessDeclared(app.routes);
  mountRoutes(app, owned);
  return app;
}

/** Gives a request its host, log, trace and services, and ends its story behind the answer. */
function openRequest(
  open: AppOptions["open"],
  limits: Parameters<typeof requestServices>[3],
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const host = open(c);
    const { tracer } = host.invocation;
    const trace = beginRequestTrace(c, tracer);
    const log = host.invocation.log.child({ request_id: c.get("requestId"), ...trace.logFields });
    c.set("host", host);
    c.set("trace", trace.context);
    c.set("log", log);
    const told = readCorrelation(c);
    c.set("told", { correlationId: told, actorId: null });
    const correlationId = told ?? c.get("requestId");
    c.header("x-correlation-id", correlationId);
    const story = requestStory(c);
    c.set("services", requestServices(c, correlationId, story, limits));
    await next();
    // Behind the answer, like the relay.
    host.waitUntil(story.end(c.res.status));
    trace.end(c, c.res.status);
    if (tracer !== null) host.waitUntil(tracer.flush());
  };
}

/**
 * @throws {HTTPException} 405: the path has a route, for other methods
 * @throws {NotFoundError} it has none
 */
function refuseUnknown(app: Hono<AppEnv>, c: Context<AppEnv>): never {
  const allowed = methods.filter((method) => hasRoute(app, method, c.req.path));
  if (allowed.length > 0) {
    c.header("allow", allowed.join(", "));
    throw new HTTPException(405, {
      message: `${c.req.method} is not possible here. Possible: ${allowed.join(", ")}.`,
    });
  }
  throw new NotFoundError(
    `There is no route ${c.req.method} ${c.req.path.slice(0, 200)}. GET /api/health is a good start.`,
  );
}

/**
 * Before all else: what a page asks goes through the rest of the app, as every other request.
 *
 * @param asked gets each request that a page makes
 */
function servePages(
  app: Hono<AppEnv>,
  mounts: readonly { readonly path: string }[],
  loadPages: NonNullable<AppOptions["pages"]>,
  asked: WeakSet<Request>,
): void {
  let pages: Promise<Hono> | null = null;
  const api: Api = async (request, c) => {
    asked.add(request);
    return app.fetch(request, c.env, executionContextOf(c));
  };
  // Known when the first request comes: below these nothing is a page, so they load none.
  let ownRoots: ReadonlySet<string> | null = null;
  app.use(async (c, next) => {
    ownRoots ??= new Set(
      [...app.routes, ...mounts].map(({ path }) => rootOf(path)).filter((root) => /^\w/.test(root)),
    );
    if (ownRoots.has(rootOf(c.req.path))) return next();
    pages ??= loadPages(api);
    const loaded = await pages;
    const method = c.req.method === "HEAD" ? "GET" : c.req.method;
    // Nothing else of ours is there either, and a browser shows a page of it.
    const isMissed = c.req.method === "GET" && wantsPage(c);
    if (!isMissed && !hasRoute(loaded, method, c.req.path)) return next();
    return loaded.fetch(c.req.raw, c.env, executionContextOf(c));
  });
}

/** The first part of a path. */
function rootOf(path: string): string {
  return path.split("/", 2)[1] ?? "";
}

/** Undefined where the host has none; Hono throws then. */
export function executionContextOf(c: Context): Context["executionCtx"] | undefined {
  try {
    return c.executionCtx;
  } catch {
    return undefined;
  }
}

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** True when a handler, and not only middleware, answers this method on this path. */
function hasRoute(
  app: Pick<Hono, "router"> | Pick<Hono<AppEnv>, "router">,
  method: string,
  path: string,
): boolean {
  const [matches] = app.router.match(method, path);
  return matches.some(([[, route]]) => route.method === method);
}

const correlationShape = /^[A-Za-z0-9][A-Za-z0-9:_.-]{0,254}$/;

/**
 * The story that the request belongs to; null when not told. Its events carry it, so that the story can be read back.
 *
 * @throws {ValidationError} the header is no id
 */
function readCorrelation(c: Context): string | null {
  const id = c.req.header("x-correlation-id");
  if (id === undefined || correlationShape.test(id)) return id ?? null;
  throw new ValidationError(
    "The x-correlation-id header is not an id. Expected 1 to 255 letters, digits, and : _ . -",
    { issues: [{ path: "x-correlation-id", message: "expected an id" }] },
  );
}
