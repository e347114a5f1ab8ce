import type { Hono } from "hono";
import { expect } from "vitest";
import type { AppEnv } from "../../src/http/host.ts";
import { type RequestPart, requestPartOf } from "../../src/http/kit/routing.ts";
import type { GatedProduct } from "./gated-product.ts";

export interface Route {
  readonly method: string;
  /** With parameters: `/api/events/:id`. */
  readonly path: string;
}

/** Every route that the app has, each once; middleware answers to all methods and is none. */
export function routesOf(app: Hono<AppEnv>): Route[] {
  const named = app.routes.filter(({ method }) => method !== "ALL");
  return [...new Map(named.map(({ method, path }) => [`${method} ${path}`, { method, path }])).values()];
}

/** What a route takes from its requests, as it declares it. */
export function partsOf(app: Hono<AppEnv>, { method, path }: Route): RequestPart[] {
  return app.routes
    .filter((route) => route.method === method && route.path === path)
    .flatMap(({ handler }) => requestPartOf(handler) ?? []);
}

const bodies: readonly RequestPart["from"][] = ["json", "input", "text", "bytes", "none"];

/** How a route takes its body; null when it does not say. */
export function bodyOf(app: Hono<AppEnv>, route: Route): RequestPart["from"] | null {
  const [body, ...others] = partsOf(app, route).filter(({ from }) => bodies.includes(from));
  expect(others, `${route.method} ${route.path} takes its body twice`).toEqual([]);
  return body?.from ?? null;
}

export function withParams(path: string, value: string): string {
  return path.replaceAll(/:[a-z_]+/gi, value);
}

/** The routes that anybody may use, as the documentation lists them. */
export function isPublic({ path }: Route): boolean {
  return (
    path === "/api/health" ||
    path.startsWith("/api/courses/public") ||
    path.startsWith("/staging/") ||
    path.startsWith("/api/paycore/webhooks/") ||
    path === "/api/courses/certificates/verify" ||
    path === "/api/courses/certificates/key"
  );
}

const internals =
  /SQLSTATE|\b(SELECT|INSERT|UPDATE|DELETE FROM|BEGIN|COMMIT)\b|\b(XADD|XREADGROUP|XRANGE|XINFO|HGETALL|EVAL)\b|postgres(ql)?:\/\/|drizzle|upstash|neon|node_modules|\.ts:\d+|\n\s+at |"stack"/i;

/** No SQL, Redis command, stack, driver, address, key or password. */
export function expectNoInternals(product: GatedProduct, text: string): void {
  expect(text).not.toMatch(internals);
  for (const secret of product.secrets) expect(text).not.toContain(secret);
}
