import type { Context, Hono, MiddlewareHandler } from "hono";
import type { RouterRoute } from "hono/types";
import type { AppEnv } from "./host.ts";
import type { Mount } from "./kit/mount.ts";
import {
  ownedByBackbone,
  type RouteOwners,
  requireAccessDeclared,
  requireOwnRoutes,
} from "./module-routes.ts";

/** What is mounted, and whose it is. Those of the backbone see more of a request than those of modules. */
export interface OwnedMount extends Pick<Mount, "path"> {
  readonly owner: string;
  readonly routes: Mount["routes"] | Hono<AppEnv> | (() => Promise<Hono<AppEnv>>);
}

interface LoadedMount extends OwnedMount {
  readonly routes: Exclude<OwnedMount["routes"], () => unknown>;
}

/** What is added in one go, because its order counts: a path, and those below it. */
interface Group {
  /** The shortest of its paths. */
  readonly path: string;
  readonly mounts: readonly OwnedMount[];
}

/** Loads what is not there yet, and says whether that was anything. */
type Load = (path: string | null) => Promise<boolean>;

const isolateLoads = new WeakMap<object, Load>();

/**
 * Loads all routes of an app, for whoever looks at the whole of them.
 *
 * @throws {Error} two answer one route, or a route does not say who may call it
 */
export async function loadRoutes(app: Hono<AppEnv>): Promise<void> {
  await isolateLoads.get(app)?.(null);
}

/** Before all that looks at the routes of a request: loads those of its path, and then sends it through the app again. */
export function loadsRoutes(
  app: Hono<AppEnv>,
  again: (c: Context<AppEnv>) => Response | Promise<Response>,
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    if (await isolateLoads.get(app)?.(c.req.path)) return again(c);
    return next();
  };
}

/**
 * Adds routes behind all that the app has: at once those that are there, the others when a request comes to their path.
 *
 * @param mounts a longer path before a shorter one
 * @throws {Error} two answer one route, or a route does not say who may call it. For those that are loaded later, whoever
 *   asks for them gets that error
 */
export function mountRoutes(app: Hono<AppEnv>, mounts: readonly OwnedMount[]): void {
  const owners = ownedByBackbone(app.routes);
  const waiting = new Set<Group>();
  for (const group of groupsOf(mounts)) {
    const { mounts: loaded } = group;
    if (loaded.every(isLoaded)) addRoutes(app, owners, loaded);
    else waiting.add(group);
  }
  isolateLoads.set(app, async (path) => {
    if (waiting.size === 0) return false;
    const wanted = [...waiting].filter((group) => path === null || isBelow(path, group.path));
    for (const group of wanted) {
      // Each request loads for itself: what another one began ends with that one, if its client goes away.
      const loaded = await Promise.all(group.mounts.map(loadMount));
      if (!waiting.has(group)) continue;
      addRoutes(app, owners, loaded);
      waiting.delete(group);
    }
    return wanted.length > 0;
  });
}

const isLoaded = (mount: OwnedMount): mount is LoadedMount => typeof mount.routes !== "function";

async function loadMount(mount: OwnedMount): Promise<LoadedMount> {
  const { path, owner, routes } = mount;
  return { path, owner, routes: typeof routes === "function" ? await routes() : routes };
}

function isBelow(path: string, base: string): boolean {
  return path === base || path.startsWith(`${base}/`);
}

function groupsOf(mounts: readonly OwnedMount[]): readonly Group[] {
  const roots = [...new Set(mounts.map(({ path }) => path))].filter(
    (path) => !mounts.some((other) => other.path !== path && isBelow(path, other.path)),
  );
  return roots.map((root) => ({ path: root, mounts: mounts.filter(({ path }) => isBelow(path, root)) }));
}

/** All or none of them. */
function addRoutes(app: Hono<AppEnv>, owners: RouteOwners, mounts: readonly LoadedMount[]): void {
  const tried = new Map(owners);
  for (const { owner, path, routes } of mounts) {
    requireOwnRoutes(tried, owner, path, routes.routes);
    requireAccessDeclared(routes.routes.map((route) => below(path, route)));
  }
  for (const [key, owner] of tried) owners.set(key, owner);
  for (const { path, routes } of mounts) app.route(path, routes as Hono<AppEnv>);
}

function below(base: string, route: RouterRoute): RouterRoute {
  return { ...route, path: route.path === "/" ? base : base + route.path };
}
