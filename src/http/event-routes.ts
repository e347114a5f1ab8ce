import {
  BadRequestError,
  boundIssues,
  boundText,
  eventEffects,
  eventStats,
  exportEvents,
  ForbiddenError,
  findRecorded,
  flattenTrees,
  growTrees,
  type IngestContext,
  type IngestResult,
  ingest,
  limitIngest,
  markActivity,
  moveState,
  NotFoundError,
  overRowsOf,
  ownEventsPerMinute,
  readStory,
  type StoryBegin,
  type StoryEvent,
  spanOf,
  TooManyRequestsError,
  tenantEventStats,
  treesToJson,
  tryOffersOf,
  tryRecorded,
  withOrigins,
} from "@brain/engine";
import { type Envelope, isJsonObject } from "@brain/schemas";
import { type Context, Hono } from "hono";
import { v5 as uuidv5 } from "uuid";
import * as z from "zod";
import { maxMessageLength, publicError } from "./errors.ts";
import type { AppEnv } from "./host.ts";
import { readBatchOfEvents, readEvents } from "./ingest-bodies.ts";
import { grants, requires } from "./kit/access.ts";
import { receives, validated } from "./kit/routing.ts";
import { answerSearch, filterText, searchQuery } from "./kit/search-query.ts";
import { tenantOf, visibleTenant } from "./kit/tenants.ts";
import { readerOf, visibleInvocation } from "./paging.ts";
import { requirePublishable } from "./publishable.ts";

const mayRead = requires("events:read", "own_tenant");
const maySearch = requires("events:read", "own_tenant", "search");
const mayPublish = requires("events:publish:<domain>", "own_tenant");
/** How the system moves, whoever's events it carries. */
const mayWatch = requires("events:read", "all_tenants");

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

/**
 * What the request says of its events. With a key their ids come from it by their place: the same in every repetition,
 * so that the record itself tells a repetition although the first answer was lost.
 */
function contextOf(c: Context<AppEnv>): IngestContext {
  const { principal } = c.get("services");
  const told = {
    ...c.get("told"),
    trace: c.get("trace"),
    tenantId: principal?.tenantId ?? null,
    requireAllowed: (event: Envelope) => requirePublishable(c.get("services"), event),
  };
  const hash = c.get("keyHash");
  if (hash === undefined) return told;
  // Ids of events are of version 4; which digits of it are random nobody can tell.
  const newId = (index: number) => uuidv5(`${hash}:${index}`, uuidv5.URL).replace(/^(.{14})./, "$14");
  return { ...told, newId };
}

const domainShape = /^([a-z][a-z0-9_]*)\./;

/** What the credential may not publish is refused in its place, each event on its own. */
function permitted(c: Context<AppEnv>, inputs: readonly unknown[]): readonly unknown[] {
  const { principal } = c.get("services");
  if (principal === null || grants(principal, "events:publish")) return inputs;
  return inputs.map((input) => {
    // What could not be read is an error already.
    if (!isJsonObject(input)) return input;
    const domain = domainShape.exec(typeof input.type === "string" ? input.type : "")?.[1];
    if (domain !== undefined && grants(principal, `events:publish:${domain}`)) return input;
    return new ForbiddenError(
      `The credential "${principal.name}" may not publish this type of event: that needs the scope "events:publish:${domain ?? "<domain>"}", by the first part of the type.`,
      { issues: [{ path: "type", message: "expected a type that the credential may publish" }] },
    );
  });
}

/**
 * Counts events for the tenant of the credential; for one of all tenants, for the identity.
 *
 * @throws {TooManyRequestsError}
 * @throws {TooLargeError}
 */
async function limitEvents(c: Context<AppEnv>, events: number): Promise<void> {
  const { invocation, waitUntil } = c.get("host");
  const { principal } = c.get("services");
  const tenantId = principal?.tenantId ?? null;
  if (tenantId === null) return limitIngest(invocation, `identity:${principal?.id ?? ""}`, events);
  const over = overRowsOf(invocation, tenantId, waitUntil);
  if (over !== null) {
    throw new TooManyRequestsError(
      `The tenant "${tenantId}" keeps ${over.kept} rows or more, and may keep ${over.most}. Nothing of the request was recorded. Remove some, have its quota raised, or wait until older ones are purged; they are counted once an hour.`,
      3_600,
      [{ path: "rows", message: `received ${over.kept} or more, expected at most ${over.most}` }],
    );
  }
  const own = ownEventsPerMinute(invocation, tenantId, waitUntil);
  await limitIngest(invocation, `tenant:${tenantId}`, events, own);
}

/** Events from and for other programs. */
export function eventRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.post("/", mayPublish, receives("text"), async (c) => {
    const { invocation, afterCommit, waitUntil } = c.get("host");
    waitUntil(markActivity(invocation));
    const { inputs, isBatch } = await readEvents(c, invocation);
    await limitEvents(c, inputs.length);
    const context = isBatch ? contextOf(c) : { ...contextOf(c), waitUntil };
    const results = await ingest(visibleInvocation(c), permitted(c, inputs), context);
    if (isBatch) return answerBatch(c, results, afterCommit);
    const [result] = results;
    if (result === undefined) throw new BadRequestError("The body holds no event.");
    if (result.status === "rejected") throw result.error;
    if (waitsForRelay(result)) afterCommit();
    return c.json(ingestBody(result), result.status === "accepted" ? 202 : 200);
  });

  routes.post("/batch", mayPublish, receives("text"), async (c) => {
    const { invocation, afterCommit, waitUntil } = c.get("host");
    waitUntil(markActivity(invocation));
    const inputs = await readBatchOfEvents(c, invocation);
    await limitEvents(c, inputs.length);
    return answerBatch(
      c,
      await ingest(visibleInvocation(c), permitted(c, inputs), contextOf(c)),
      afterCommit,
    );
  });

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

  routes.get("/stats", mayRead, async (c) => {
    const tenantId = visibleTenant(c.get("services"));
    const invocation = visibleInvocation(c);
    return c.json(
      await (tenantId === null ? eventStats(invocation) : tenantEventStats(invocation, tenantId)),
    );
  });

  routes.get("/move", mayWatch, async (c) => c.json(await moveState(c.get("host").invocation)));

  routes.get(
    "/correlation/:id",
    mayRead,
    validated("param", storyParam),
    validated("query", storyQuery),
    async (c) => {
      const { id } = c.req.valid("param");
      const { limit, view } = c.req.valid("query");
      const { invocation } = c.get("host");
      const tenantId = visibleTenant(c.get("services"));
      const story = await readStory(visibleInvocation(c).db, id, limit, tenantId, invocation);
      if (story === null) {
        throw new NotFoundError(
          "There is no event with this correlation id, in the record or in the archive.",
        );
      }
      const { truncated } = story;
      const events = await revealed(c, story.events);
      const nodes = withOrigins({ ...story, events });
      const facts = { correlation_id: id, count: nodes.length, truncated, ...spanOf(events) };
      const roots = growTrees<StoryBegin | StoryEvent>(nodes);
      if (view === "flat") return c.json({ ...facts, events: flattenTrees(roots) });
      const body = `${JSON.stringify(facts).slice(0, -1)},"roots":${treesToJson(roots)}}`;
      return c.body(body, 200, { "content-type": "application/json" });
    },
  );

  routes.get("/:id/effects", mayRead, async (c) => {
    const id = c.req.param("id");
    const tenantId = visibleTenant(c.get("services"));
    const effects = await eventEffects(c.get("host").invocation, visibleInvocation(c).db, id, tenantId);
    if (effects === null) throw new NotFoundError(`There is no event with the id "${id.slice(0, 60)}".`);
    return c.json(effects);
  });

  routes.get("/:id/try", mayRead, async (c) =>
    c.json(await tryOffersOf(c.get("host").invocation, readerOf(c), c.req.param("id"))),
  );

  routes.post("/:id/try", mayTry, validated("json", tryBody), async (c) => {
    const { subscriber = null } = c.req.valid("json");
    return c.json(await tryRecorded(c.get("host").invocation, readerOf(c), c.req.param("id"), subscriber));
  });

  routes.get("/:id", mayRead, async (c) => {
    const id = c.req.param("id");
    const event = await findRecorded(visibleInvocation(c).db, id, visibleTenant(c.get("services")));
    if (event === null) throw new NotFoundError(`There is no event with the id "${id.slice(0, 60)}".`);
    const [clear = event] = await revealed(c, [event]);
    return c.json(clear);
  });
  return routes;
}

/** Events with personal fields in clear, as far as their persons were not erased. */
async function revealed<E extends { readonly id: string; readonly type: string; readonly payload: unknown }>(
  c: Context<AppEnv>,
  events: readonly E[],
): Promise<readonly E[]> {
  const { personal } = c.get("host").invocation.publish;
  return personal === undefined ? events : personal.reveal(events);
}

function answerBatch(
  c: Context<AppEnv>,
  results: readonly IngestResult[],
  afterCommit: () => void,
): Response {
  const count = (status: IngestResult["status"]) =>
    results.filter((result) => result.status === status).length;
  const rejected = count("rejected");
  if (results.some(waitsForRelay)) afterCommit();
  const status = rejected === 0 ? 202 : rejected === results.length ? 422 : 207;
  return c.json(
    {
      accepted: count("accepted"),
      deduplicated: count("deduplicated"),
      rejected,
      results: results.map((result, index) => ({ index, ...ingestBody(result) })),
    },
    status,
  );
}

/**
 * It was recorded now; or before, and is not on the stream: whoever recorded it may have ended before it started the
 * relay, and that is why it comes again.
 */
function waitsForRelay(result: IngestResult): boolean {
  return (
    result.status === "accepted" || (result.status === "deduplicated" && result.streamMessageId === null)
  );
}

/** A batch has many items, so each tells less than an event alone would. */
const maxItemIssues = 5;

function ingestBody(result: IngestResult) {
  switch (result.status) {
    case "accepted":
      return { status: result.status, id: result.id, type: result.type, deduplicated: false };
    case "deduplicated":
      return {
        status: result.status,
        id: result.id,
        type: result.type,
        deduplicated: true,
        first_seen_at: result.firstSeenAt,
        stream_message_id: result.streamMessageId,
      };
    case "rejected": {
      const { code, message, issues } = publicError(result.error);
      const details = boundIssues(issues, maxItemIssues);
      return {
        status: result.status,
        id: result.id,
        error: { code, message: boundText(message, maxMessageLength), details },
      };
    }
  }
}
