import type { RateLimit } from "@brain/engine";
import type { RouterRoute } from "hono/types";
import type { Mount } from "./kit/mount.ts";
import { declaredRoutes } from "./route-list.ts";

/** What a module mounts. */
export interface ModuleRoutes {
  readonly name: string;
  readonly routes: readonly Mount[];
  /** Left out: it limits nothing. */
  readonly limits?: readonly RateLimit[];
}

/** How messages name whoever is no module. */
export const backbone = "the backbone itself";

/**
 * What is counted together under a limit.
 *
 * @throws {Error} no module lists the limit: another one might have its name
 */
export function bucketOf(listed: ReadonlySet<RateLimit>, limit: RateLimit, whose?: string): string {
  if (!listed.has(limit)) {
    throw new Error(`No module lists the limit "${limit.name}". Add it to "limits" of its defineModule.`);
  }
  return whose === undefined ? limit.name : `${limit.name}:${whose}`;
}

/**
 * Longer paths first: what lies below one of them is its own, wherever a shorter one stands in the list.
 *
 * @throws {Error} a mount has no path; names the module
 */
export function inOrder(modules: readonly ModuleRoutes[]): readonly (Mount & { readonly owner: string })[] {
  const mounts = modules.flatMap(({ name, routes }) => routes.map((mount) => ({ ...mount, owner: name })));
  for (const { path, owner } of mounts) requirePath(owner, path);
  return mounts.sort((a, b) => b.path.length - a.path.length);
}

/** Parameters have other names in each module, and match the same. */
function routeKey(method: string, path: string): string {
  return `${method} ${path.replaceAll(/:[^/{]+/g, ":").replace(/(?<=.)\/$/, "")}`;
}

/** Whose a route is, by what it matches. */
export type RouteOwners = Map<string, string>;

/** The routes of the backbone itself. */
export function ownedByBackbone(routes: readonly RouterRoute[]): RouteOwners {
  return new Map(routes.map(({ method, path }) => [routeKey(method, path), backbone]));
}

function requirePath(owner: string, path: string): void {
  if (/^(\/[a-z0-9_.-]+)+$/.test(path)) return;
  throw new Error(
    `The module "${owner}" mounts routes at "${path}". Expected a path like /api/library, without a slash at its end.`,
  );
}

/**
 * Adds the routes to `owners`.
 *
 * @throws {Error} another one answers one of them; names both
 */
export function requireOwnRoutes(
  owners: RouteOwners,
  owner: string,
  base: string,
  routes: readonly RouterRoute[],
): void {
  for (const { method, path } of routes) {
    const key = routeKey(method, base + path);
    const other = owners.get(key);
    if (method === "ALL" || other === owner) continue;
    if (other !== undefined) {
      throw new Error(
        `"${other}" and "${owner}" both answer ${method} ${base}${path}. One of them takes another path.`,
      );
    }
    owners.set(key, owner);
  }
}

/** @throws {Error} a route does not say, by its first handler, who may call it; names all that do not */
export function requireAccessDeclared(routes: readonly RouterRoute[]): void {
  const silent = declaredRoutes({ routes: [...routes] }).flatMap(({ method, path, access }) =>
    access === null ? [`${method} ${path}`] : [],
  );
  if (silent.length === 0) return;
  throw new Error(
    `These routes do not say who may call them: ${silent.join(", ")}. Give each requires("<scope>", "own_tenant" or "all_tenants") as its first handler, or anybody("<why>").`,
  );
}
