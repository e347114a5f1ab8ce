import {
  eventEffects,
  eventStats,
  exportEvents,
  findRecorded,
  flattenTrees,
  growTrees,
  moveState,
  NotFoundError,
  readStory,
  type StoryBegin,
  type StoryEvent,
  spanOf,
  tenantEventStats,
  treesToJson,
  tryOffersOf,
  tryRecorded,
  withOrigins,
} from "@brain/engine";
import { type Context, Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../host.ts";
import { forOperators, requires } from "../kit/access.ts";
import { validated } from "../kit/routing.ts";
import { answerSearch, filterText, searchQuery } from "../kit/search-query.ts";
import { tenantOf, visibleTenant } from "../kit/tenants.ts";
import { readerOf, visibleInvocation } from "../requests/requester.ts";
import { addIngestRoutes } from "./ingest.ts";

const mayRead = requires("events:read", "own_tenant");
/** What somebody looks at who wants to know what happened, and no program pages through. */
const mayLook = forOperators(requires("events:read", "own_tenant"));
const maySearch = requires("events:read", "own_tenant", "search");
/** How the system moves, whoever's events it carries. */
const mayWatch = forOperators(requires("events:read", "all_tenants"));

/** It runs a handler, and shows what it would do. */
const mayTry = requires("operate", "own_tenant", "try");
const tryBody = z.strictObject({ subscriber: filterText(100).optional() });

const historyQuery = searchQuery("own");

/** Shards and the last id given of each: `0:1795243485461-0,1:1795243485462-3`. */
const exportQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(250),
  cursor: z
    .string()
    .max(4_000)
    .regex(
      /^\d{1,2}:\d{1,20}-\d{1,20}(?:,\d{1,2}:\d{1,20}-\d{1,20})*$/,
      'expected the "cursor" of an earlier answer',
    )
    .transform((text) => new Map(text.split(",").map((part) => cursorPart(part))))
    .optional(),
});

function cursorPart(part: string): readonly [shard: number, id: string] {
  const [shard = "", id = ""] = part.split(":");
  return [Number(shard), id];
}

const storyParam = z.object({ id: filterText(255) });

const storyQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(2_000).default(1_000),
  /** `tree`: effects stand in `children`; `flat`: one list, each event with its `depth` and before its effects. */
  view: z.enum(["tree", "flat"]).default("tree"),
});

/** Events from and for other programs. */
export function eventRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  addIngestRoutes(routes);

  routes.get("/history", maySearch, validated("query", historyQuery), async (c) => {
    const query = c.req.valid("query");
    const { invocation } = c.get("host");
    const tenant = tenantOf(c.get("services"), query.tenant_id);
    const deps = { ...invocation, db: visibleInvocation(c).db, all: invocation.db };
    return c.json(await answerSearch(deps, query, tenant));
  });

  routes.get("/export", mayRead, validated("query", exportQuery), async (c) => {
    const { limit, cursor: after = new Map() } = c.req.valid("query");
    const tenantId = visibleTenant(c.get("services"));
    // It asks the tenant's database itself, for what it shows.
    const { db } = c.get("host").invocation;
    const { events, cursor, more } = await exportEvents(db, { after, limit, tenantId });
    const text = [...cursor].map(([shard, id]) => `${shard}:${id}`).join(",");
    return c.json({ events: await revealed(c, events), cursor: text === "" ? null : text, more });
  });

  routes.get("/stats", mayLook, async (c) => {
    const tenantId = visibleTenant(c.get("services"));
    const invocation = visibleInvocation(c);
    return c.json(
      await (tenantId === null ? eventStats(invocation) : tenantEventStats(invocation, tenantId)),
    );
  });

  routes.get("/move", mayWatch, async (c) => c.json(await moveState(c.get("host").invocation)));

  routes.get(
    "/correlation/:id",
    mayLook,
    validated("param", storyParam),
    validated("query", storyQuery),
    async (c) => {
      const { id } = c.req.valid("param");
      const { limit, view } = c.req.valid("query");
      const found = await findStory(c, id, limit);
      if (view === "flat") return c.json({ ...found.facts, events: flattenTrees(found.roots) });
      const body = `${JSON.stringify(found.facts).slice(0, -1)},"roots":${treesToJson(found.roots)}}`;
      return c.body(body, 200, { "content-type": "application/json" });
    },
  );
  return routes.route("/", oneEventRoutes());
}

/** One event of the record. */
function oneEventRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.get("/:id/effects", mayLook, async (c) => {
    const id = c.req.param("id");
    const tenantId = visibleTenant(c.get("services"));
    const effects = await eventEffects(c.get("host").invocation, visibleInvocation(c).db, id, tenantId);
    if (effects === null) throw unknownEvent(id);
    return c.json(effects);
  });

  routes.get("/:id/try", mayLook, async (c) =>
    c.json(await tryOffersOf(c.get("host").invocation, readerOf(c), c.req.param("id"))),
  );

  routes.post("/:id/try", mayTry, validated("json", tryBody), async (c) => {
    const { subscriber = null } = c.req.valid("json");
    return c.json(await tryRecorded(c.get("host").invocation, readerOf(c), c.req.param("id"), subscriber));
  });

  routes.get("/:id", mayLook, async (c) => {
    const id = c.req.param("id");
    const event = await findRecorded(visibleInvocation(c).db, id, visibleTenant(c.get("services")));
    if (event === null) throw unknownEvent(id);
    const [clear = event] = await revealed(c, [event]);
    return c.json(clear);
  });
  return routes;
}

/** @throws {NotFoundError} no event has this correlation id, or none that the caller may see */
async function findStory(c: Context<AppEnv>, id: string, limit: number) {
  const { invocation } = c.get("host");
  const tenantId = visibleTenant(c.get("services"));
  const story = await readStory(visibleInvocation(c).db, id, limit, tenantId, invocation);
  if (story === null) {
    throw new NotFoundError("There is no event with this correlation id, in the record or in the archive.");
  }
  const { truncated } = story;
  const events = await revealed(c, story.events);
  const nodes = withOrigins({ ...story, events });
  return {
    facts: { correlation_id: id, count: nodes.length, truncated, ...spanOf(events) },
    roots: growTrees<StoryBegin | StoryEvent>(nodes),
  };
}

function unknownEvent(id: string): NotFoundError {
  return new NotFoundError(`There is no event with the id "${id.slice(0, 60)}".`);
}

/** Events with personal fields in clear, as far as their persons were not erased. */
async function revealed<E extends { readonly id: string; readonly type: string; readonly payload: unknown }>(
  c: Context<AppEnv>,
  events: readonly E[],
): Promise<readonly E[]> {
  const { personal } = c.get("host").invocation.publish;
  return personal === undefined ? events : personal.reveal(events);
}
