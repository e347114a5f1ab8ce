import { randomUUID } from "node:crypto";
import { schemaDef } from "@brain/schemas";
import { expect } from "vitest";
import type { RequestPart } from "../../../src/http/kit/routing.ts";
import { bodyPartOf, type DeclaredRoute, declaredRoutes } from "../../../src/http/route-list.ts";
import type { GatedProduct } from "../gated-product.ts";
import { sampleOf } from "./schema-samples.ts";

export type Route = DeclaredRoute;
/** Every route of an app once: all suites that run through all routes take them from here. */
export const routesOf = declaredRoutes;

export const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

/** The routes that ask for no credential. */
export const isPublic = ({ access }: Route): boolean => access?.kind === "anybody";

/** How a route takes its body; null when it does not say. */
export const bodyOf = (route: Route): RequestPart["from"] | null => bodyPartOf(route)?.from ?? null;

export function withParams(path: string, value: string): string {
  return path.replaceAll(/:[a-z_]+/gi, value);
}

/** The schema that a route declares for a parameter of its path; null: it judges the parameter itself. */
function paramSchema({ parts }: Route, name: string) {
  const declared = parts.find(({ from }) => from === "param")?.schema;
  if (declared === undefined || declared === null) return null;
  let { shape, in: first, innerType } = schemaDef(declared);
  while (shape === undefined && (first ?? innerType) !== undefined) {
    ({ shape, in: first, innerType } = schemaDef((first ?? innerType) as typeof declared));
  }
  return shape?.[name] ?? null;
}

const isolatePaths = new Map<string, string>();

/** The path of a route with parameters that it takes, and that lead to nothing; the same whenever it is asked for. */
export function pathOf(route: Route): string {
  const known = isolatePaths.get(nameOf(route)) ?? newPathOf(route);
  isolatePaths.set(nameOf(route), known);
  return known;
}

function newPathOf(route: Route): string {
  return route.path.replaceAll(/:([a-z_]+)/gi, (_, name: string) => {
    const schema = paramSchema(route, name);
    return encodeURIComponent(schema === null ? randomUUID() : String(sampleOf(schema)));
  });
}

const internals =
  /SQLSTATE|\b(SELECT|INSERT|UPDATE|DELETE FROM|BEGIN|COMMIT)\b|\b(XADD|XREADGROUP|XRANGE|XINFO|HGETALL|EVAL)\b|postgres(ql)?:\/\/|drizzle|upstash|neon|node_modules|\.ts:\d+|\n\s+at |"stack"/i;

/** No SQL, Redis command, stack, driver, address, key or password. */
export function expectNoInternals(product: GatedProduct, text: string): void {
  // A path like ".." leads to a page of the console, whose fields to choose from are called like a word of SQL.
  expect(text.replaceAll(/<\/?select\b/g, "")).not.toMatch(internals);
  for (const secret of product.secrets) expect(text).not.toContain(secret);
}
