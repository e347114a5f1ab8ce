import type { Hono } from "hono";
import type { ModuleEnv } from "./module-env.ts";

/**
 * What becomes of a POST's `Idempotency-Key`. `kept`: the answer is kept with it. `own`: the route finds by itself what a
 * first try has made, by the key or by what it is asked for. `refused`: whoever may call it has no name, or its answer must not be stored.
 */
export type KeyHandling = "kept" | "own" | "refused";

/** Routes of a module, where they are mounted, and what is special about them. */
export interface Mount {
  /** Where the routes begin, e.g. `/api/library`. A longer one comes before a shorter one. */
  readonly path: string;
  /**
   * What loads the routes, `async () => (await import("./routes.ts")).libraryRoutes()`: a program that starts reads none of
   * their code before the first request to `path`, and one that only consumes events never does. Or the routes themselves.
   */
  readonly routes: Hono<ModuleEnv> | (() => Promise<Hono<ModuleEnv>>);
  /** How routes treat a key that they do not have kept, by their path behind `path`, e.g. `/:id/rotate`; `/` is `path` itself. One that anybody may use takes none. */
  readonly keys?: Readonly<Record<string, Exclude<KeyHandling, "kept">>>;
}

/** @param path of the request, whole */
export function keyHandlingOf(mounts: readonly Mount[], path: string): KeyHandling {
  for (const { path: base, keys = {} } of mounts) {
    if (path !== base && !path.startsWith(`${base}/`)) continue;
    const behind = path.slice(base.length) || "/";
    const found = Object.entries(keys).find(([pattern]) => matches(pattern, behind));
    if (found !== undefined) return found[1];
  }
  return "kept";
}

function matches(pattern: string, path: string): boolean {
  const [expected, given] = [pattern.split("/"), path.split("/")];
  return (
    expected.length === given.length &&
    expected.every((part, place) => part === given[place] || (part.startsWith(":") && given[place] !== ""))
  );
}
