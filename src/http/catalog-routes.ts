import { NotFoundError, observeTypes } from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import { type Context, Hono } from "hono";
import { etag } from "hono/etag";
import * as z from "zod";
import type { AppEnv } from "./host.ts";
import { requires } from "./kit/access.ts";
import { validated } from "./kit/routing.ts";
import { visibleTenant } from "./kit/tenants.ts";
import { visibleInvocation } from "./paging.ts";

const mayRead = requires("events:read", "own_tenant");

/** A payload of each version of each event, by `type@version`. */
export type LoadExamples = () => Promise<Readonly<Record<string, JsonObject>>>;

const typeParam = z.object({ type: z.string().min(1).max(100) });
const catalogQuery = z.strictObject({
  /** `false`: only what is declared, without a look at the record. */
  observed: z
    .enum(["true", "false"])
    .default("true")
    .transform((text) => text === "true"),
});

/** What events there are, and what is seen of them. */
export function catalogRoutes(loadExamples: LoadExamples): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  // What is declared changes with a release: who has it is told that it is so still.
  routes.use(etag());

  /** What is made of it weighs as much as zod's JSON Schema; nobody else needs it. */
  const views = () => import("./catalog-views.ts");
  const observe = (c: Context<AppEnv>, isWanted: boolean) =>
    isWanted ? observeTypes(visibleInvocation(c), visibleTenant(c.get("services"))) : null;

  routes.get("/", mayRead, validated("query", catalogQuery), async (c) => {
    const { catalog, consumers } = c.get("host").invocation;
    const [{ catalogView }, observed] = await Promise.all([
      views(),
      observe(c, c.req.valid("query").observed),
    ]);
    return c.json(catalogView({ catalog, consumers }, observed));
  });

  routes.get(
    "/:type",
    mayRead,
    validated("param", typeParam),
    validated("query", catalogQuery),
    async (c) => {
      const { catalog, consumers } = c.get("host").invocation;
      const given = c.req.valid("param").type;
      const definition = catalog.find(catalog.canonicalType(given));
      if (definition === undefined) {
        const near = catalog.suggest(given);
        throw new NotFoundError(
          `The catalogue has no event "${given}".${near === null ? " GET /api/catalog lists all." : ` Perhaps ${near} is meant.`}`,
        );
      }
      const [{ eventView }, examples, observed] = await Promise.all([
        views(),
        loadExamples(),
        observe(c, c.req.valid("query").observed),
      ]);
      return c.json(eventView({ catalog, consumers }, definition, examples, observed));
    },
  );
  return routes;
}
