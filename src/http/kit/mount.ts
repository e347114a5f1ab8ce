import type { Hono } from "hono";
import type { ModuleEnv } from "./module-env.ts";

/**
 * What becomes of a POST's `Idempotency-Key`. `kept`: the answer is kept with it. `own`: the route stores the key with
 * what it makes. `refused`: whoever may call it has no name, or its answer must not be stored.
 */
export type KeyHandling = "kept" | "own" | "refused";

/** Routes of a module, where they are mounted, and what is special about them. */
export interface Mount {
  /** Where the routes begin, e.g. `/api/library`. A longer one comes before a shorter one. */
  readonly path: string;
  readonly routes: Hono<ModuleEnv>;
  /**
   * What anybody may use without a key: paths behind `path`, e.g. `/catalog`; `/catalog/*` is that and all behind it, `/*`
   * everything. Left out: nothing.
   */
  readonly publicPaths?: readonly string[];
  /** How routes treat a key that they do not have kept, by their path behind `path`. A public one takes none. */
  readonly keys?: Readonly<Record<string, Exclude<KeyHandling, "kept">>>;
}

/** True for a path that anybody may use. @param path of the request, whole */
export function isPublicPath(mounts: readonly Mount[], path: string): boolean {
  return mounts.some(({ path: base, publicPaths = [] }) =>
    publicPaths.some((behind) => {
      if (!behind.endsWith("/*")) return path === base + behind;
      const root = base + behind.slice(0, -2);
      return path === root || path.startsWith(`${root}/`);
    }),
  );
}

/** @param path of the request, whole */
export function keyHandlingOf(mounts: readonly Mount[], path: string): KeyHandling {
  if (isPublicPath(mounts, path)) return "refused";
  for (const { path: base, keys = {} } of mounts) {
    const handling = path.startsWith(`${base}/`) ? keys[path.slice(base.length)] : undefined;
    if (handling !== undefined) return handling;
  }
  return "kept";
}
