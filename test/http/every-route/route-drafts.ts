import type { z } from "zod";
import type { RequestPart } from "../../../src/http/kit/routing.ts";
import type { Route } from "./routes.ts";
import { sampleOf } from "./schema-samples.ts";

/* Requests made from what a route declares, so that a route that is new has them by itself. */

/** The schema of a part of the request; null: it declares none. */
export function schemaOf({ parts }: Route, kind: "query" | "body"): z.ZodType | null {
  const kinds: readonly RequestPart["from"][] = kind === "query" ? ["query"] : ["json", "input"];
  return parts.find(({ from, schema }) => schema !== null && kinds.includes(from))?.schema ?? null;
}

const isolateSamples = new WeakMap<z.ZodType, unknown>();

/** Made once for each schema: to find a text for a pattern takes long. */
function sampleFor(schema: z.ZodType): unknown {
  if (!isolateSamples.has(schema)) isolateSamples.set(schema, sampleOf(schema));
  return isolateSamples.get(schema);
}

/** A body that the route takes as far as its schema is concerned; undefined: it takes none, or judges it itself. */
export function bodyDraft(route: Route): unknown {
  const schema = schemaOf(route, "body");
  return schema === null || route.method === "GET" ? undefined : sampleFor(schema);
}

/** The same of its query. */
export function queryDraft(route: Route): unknown {
  const schema = schemaOf(route, "query");
  return schema === null ? {} : sampleFor(schema);
}

/** Of a query: `?a=1`, or nothing. */
export function queryText(query: unknown): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query as object)) {
    if (value !== null && value !== undefined)
      params.append(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  return params.size === 0 ? "" : `?${params}`;
}
