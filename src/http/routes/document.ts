import { NotFoundError } from "@brain/engine";
import { type Context, Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../host.ts";
import { anybody, requires } from "../kit/access.ts";
import { notModified } from "../kit/not-modified.ts";
import { linkBase } from "../kit/public-url.ts";
import { validated } from "../kit/routing.ts";
import type { LoadExamples } from "./catalog.ts";

export interface DocumentAccess {
  /** Where they are reached from outside; null: where the request was sent to. */
  readonly publicUrl: string | null;
  /** True: they are shown to everybody, so that a receiver of events can follow `dataschema`. */
  readonly isPublic: boolean;
}

export const closedDocuments: DocumentAccess = { publicUrl: null, isPublic: false };

/** How long whoever has one need not ask again, s; then its ETag says whether it is so still. */
const freshS = 300;

const schemaParams = z.object({ type: z.string().min(1).max(100), file: z.string().min(1).max(100) });
const fileShape = /^([1-9]\d{0,5})(\.publish)?\.json$/;

/** The catalogue in the formats of the field. They hold nothing of any tenant, and change with a release alone. */
export function documentRoutes(
  loadExamples: LoadExamples,
  { publicUrl, isPublic }: DocumentAccess,
): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const mayRead = isPublic
    ? anybody("documents of the events, which BRAIN_PUBLIC_SCHEMAS opens")
    : requires("events:read", "own_tenant");
  const unchanged = notModified();
  /** What makes them weighs as much as zod's JSON Schema; nobody else needs it. */
  const load = () => Promise.all([import("../documents.ts"), loadExamples()]);
  const baseOf = (c: Context<AppEnv>) => linkBase(publicUrl ?? new URL(c.req.url).origin);
  const answer = (c: Context<AppEnv>, text: string, type: string) => {
    c.header("content-type", type);
    c.header("cache-control", `${isPublic ? "public" : "private"}, max-age=${freshS}`);
    return c.body(text);
  };

  routes.get("/asyncapi.json", mayRead, unchanged, async (c) => {
    const { catalog, consumers, keys, publish } = c.get("host").invocation;
    const [{ asyncApiText }, examples] = await load();
    const others = Array.from({ length: publish.shards - 1 }, (_, index) => keys.stream(index + 1));
    const streams = [keys.stream(0), ...others] as const;
    const text = asyncApiText({ catalog, consumers, streams, base: baseOf(c), examples });
    return answer(c, text, "application/vnd.aai.asyncapi+json;version=3.0.0");
  });

  routes.get("/schemas/index.json", mayRead, unchanged, async (c) => {
    const [{ schemaIndex }] = await load();
    const schemas = schemaIndex(c.get("host").invocation.catalog, { base: baseOf(c) });
    return answer(c, JSON.stringify({ schemas }), "application/json");
  });

  routes.get("/schemas/:type/:file", mayRead, unchanged, validated("param", schemaParams), async (c) => {
    const { type, file } = c.req.valid("param");
    const { catalog } = c.get("host").invocation;
    const definition = catalog.find(catalog.canonicalType(type));
    if (definition === undefined) {
      const near = catalog.suggest(type);
      const hint = near === null ? "GET /schemas/index.json lists all." : `Perhaps ${near} is meant.`;
      throw new NotFoundError(`The catalogue has no event "${type}". ${hint}`);
    }
    const [, version, publish] = fileShape.exec(file) ?? [];
    const [{ schemaDocument }, examples] = await load();
    const use = publish === undefined ? "read" : "publish";
    const document = schemaDocument(definition, Number(version), use, { base: baseOf(c), examples });
    if (document === null) {
      throw new NotFoundError(
        `There is no "${file}" of ${definition.type}. It has the versions 1 to ${definition.version}, each as {version}.json, and the newest for publishers as ${definition.version}.publish.json.`,
      );
    }
    return answer(c, JSON.stringify(document), "application/schema+json");
  });
  return routes;
}
