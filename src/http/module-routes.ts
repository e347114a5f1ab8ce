import type { RateLimit } from "@brain/engine";
import type { Hono } from "hono";
import type { AppEnv } from "./host.ts";
import type { Mount } from "./kit/mount.ts";
import { declaredRoutes } from "./route-list.ts";

/** What a module mounts. */
export interface ModuleRoutes {
  readonly name: string;
  readonly routes: readonly Mount[];
  /** Left out: it limits nothing. */
  readonly limits?: readonly RateLimit[];
}

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

/** Longer paths first: what lies below one of them is its own, wherever a shorter one stands in the list. */
export function inOrder(modules: readonly ModuleRoutes[]): readonly Mount[] {
  return modules.flatMap(({ routes }) => routes).sort((a, b) => b.path.length - a.path.length);
}

/** Parameters have other names in each module, and match the same. */
function routeKey(method: string, path: string): string {
  return `${method} ${path.replaceAll(/:[^/{]+/g, ":").replace(/(?<=.)\/$/, "")}`;
}

/**
 * @param app with the routes of the backbone, before those of modules are mounted
 * @throws {Error} two answer one route, or a mount has no path
 */
export function requireOwnRoutes(app: Hono<AppEnv>, modules: readonly ModuleRoutes[]): void {
  const owners = new Map(
    app.routes.map(({ method, path }) => [routeKey(method, path), "the backbone itself"]),
  );
  for (const { name, routes: mounts } of modules) {
    for (const { path: base, routes } of mounts) {
      if (!/^(\/[a-z0-9_.-]+)+$/.test(base)) {
        throw new Error(
          `The module "${name}" mounts routes at "${base}". Expected a path like /api/library, without a slash at its end.`,
        );
      }
      for (const { method, path } of routes.routes) {
        const key = routeKey(method, base + path);
        const other = owners.get(key);
        if (method === "ALL" || other === name) continue;
        if (other !== undefined) {
          throw new Error(
            `"${other}" and "${name}" both answer ${method} ${base}${path}. One of them takes another path.`,
          );
        }
        owners.set(key, name);
      }
    }
  }
}

/** @throws {Error} a route does not say, by its first handler, who may call it; names all that do not */
export function requireAccessDeclared(app: Hono<AppEnv>): void {
  const silent = declaredRoutes(app).flatMap(({ method, path, access }) =>
    access === null ? [`${method} ${path}`] : [],
  );
  if (silent.length === 0) return;
  throw new Error(
    `These routes do not say who may call them: ${silent.join(", ")}. Give each requires("<scope>", "own_tenant" or "all_tenants") as its first handler, or anybody("<why>").`,
  );
}
