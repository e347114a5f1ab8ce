import type { Hono } from "hono";
import type { AppEnv } from "./host.ts";
import { type Access, declaredAccess } from "./kit/access.ts";
import { type RequestPart, requestPartOf } from "./kit/routing.ts";

/** A route, as its handlers declare it. */
export interface DeclaredRoute {
  readonly method: string;
  /** With parameters: `/api/events/:id`. */
  readonly path: string;
  /** Null: it does not say who may call it, and the start fails. */
  readonly access: Access | null;
  /** What it takes of a request, without the parameters of its path that the route judges itself. */
  readonly parts: readonly RequestPart[];
}

/**
 * Every route once, in the order in which they were added; middleware answers to all methods and is none. An app has those
 * that somebody has asked for: `loadRoutes(app)` first gives all.
 */
export function declaredRoutes(app: Pick<Hono<AppEnv>, "routes">): readonly DeclaredRoute[] {
  const routes = new Map<string, DeclaredRoute>();
  for (const { method, path, handler } of app.routes) {
    if (method === "ALL") continue;
    const key = `${method} ${path}`;
    const part = requestPartOf(handler);
    const seen = routes.get(key);
    routes.set(key, {
      method,
      path,
      // The first handler says it.
      access: seen === undefined ? (declaredAccess(handler) ?? null) : seen.access,
      parts: [...(seen?.parts ?? []), ...(part === undefined ? [] : [part])],
    });
  }
  return [...routes.values()];
}

const bodies: readonly RequestPart["from"][] = ["json", "input", "text", "bytes", "none"];

/**
 * The part that is the body of a request.
 *
 * @returns null when the route does not say how it takes a body; only a GET need not
 */
export function bodyPartOf({ parts }: DeclaredRoute): RequestPart | null {
  return parts.find(({ from }) => bodies.includes(from)) ?? null;
}
