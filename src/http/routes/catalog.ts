import { mostObserved, NotFoundError, observeFlows, observeTypes } from "@brain/engine";
import type { EventDefinition, JsonObject } from "@brain/schemas";
import { type Context, Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../host.ts";
import { forOperators, requires } from "../kit/access.ts";
import { instantText } from "../kit/instant.ts";
import { notModified } from "../kit/not-modified.ts";
import { validated } from "../kit/routing.ts";
import { visibleTenant } from "../kit/tenants.ts";
import { visibleInvocation } from "../requests/requester.ts";

const mayRead = forOperators(requires("events:read", "own_tenant"));

/** A payload of each version of each event, by `type@version`. */
export type LoadExamples = () => Promise<Readonly<Record<string, JsonObject>>>;

const typeParam = z.object({ type: z.string().min(1).max(100) });
const flag = (standard: "true" | "false") =>
  z
    .enum(["true", "false"])
    .default(standard)
    .transform((text) => text === "true");

const catalogQuery = z.strictObject({
  /** `false`: only what is declared, without a look at the record. */
  observed: flag("true"),
  /** Whether payloads are looked into: sizes, versions, fields. */
  payloads: flag("false"),
  /** How many of the newest events are looked at. */
  newest: z.coerce.number().int().min(1).max(mostObserved).default(mostObserved),
  /** Nothing that was stored before is looked at. */
  since: instantText.optional(),
});
const listQuery = catalogQuery.extend({
  /** Whether it is told which events led to which. */
  flows: flag("false"),
});
type Asked = z.output<typeof catalogQuery> & { readonly flows?: boolean };

/**
 * What events there are, and what is seen of them.
 *
 * @param subscribers the module of each consumer, where it is known
 */
export function catalogRoutes(
  loadExamples: LoadExamples,
  subscribers: ReadonlyMap<string, string>,
): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  // What is declared changes with a release: who has it is told that it is so still.
  routes.use(notModified());

  /** What is made of it weighs as much as zod's JSON Schema; nobody else needs it. */
  const views = () => import("../catalog/views.ts");
  const declaredIn = (c: Context<AppEnv>) => {
    const { catalog, consumers } = c.get("host").invocation;
    return { catalog, consumers, subscribers };
  };
  /** Null: not asked. */
  const look = async (c: Context<AppEnv>, asked: Asked, definitions: readonly EventDefinition[]) => {
    if (!asked.observed) return null;
    const { declaredPayloads } = await views();
    const [invocation, tenant] = [visibleInvocation(c), visibleTenant(c.get("services"))];
    const payloads = asked.payloads ? declaredPayloads(definitions) : [];
    const [types, flows] = await Promise.all([
      observeTypes(invocation, tenant, { ...asked, payloads }),
      asked.flows === true ? observeFlows(invocation, tenant, asked) : null,
    ]);
    return { types, flows, nowMs: invocation.now() };
  };

  routes.get("/", mayRead, validated("query", listQuery), async (c) => {
    const declared = declaredIn(c);
    const [{ catalogView }, seen] = await Promise.all([
      views(),
      look(c, c.req.valid("query"), declared.catalog.all),
    ]);
    return c.json(catalogView(declared, seen));
  });

  routes.get(
    "/:type",
    mayRead,
    validated("param", typeParam),
    validated("query", catalogQuery),
    async (c) => {
      const declared = declaredIn(c);
      const { catalog } = declared;
      const given = c.req.valid("param").type;
      const definition = catalog.find(catalog.canonicalType(given));
      if (definition === undefined) {
        const near = catalog.suggest(given);
        throw new NotFoundError(
          `The catalogue has no event "${given}".${near === null ? " GET /api/catalog lists all." : ` Perhaps ${near} is meant.`}`,
        );
      }
      const [{ eventView }, examples, seen] = await Promise.all([
        views(),
        loadExamples(),
        look(c, c.req.valid("query"), [definition]),
      ]);
      return c.json(eventView(declared, definition, examples, seen));
    },
  );
  return routes;
}
