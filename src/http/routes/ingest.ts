import {
  BadRequestError,
  boundIssues,
  boundText,
  ForbiddenError,
  type IngestContext,
  type IngestResult,
  ingest,
  limitIngest,
  markActivity,
  overRowsOf,
  ownEventsPerMinute,
  TooManyRequestsError,
} from "@brain/engine";
import { type Envelope, isJsonObject } from "@brain/schemas";
import type { Context, Hono } from "hono";
import { v5 as uuidv5 } from "uuid";
import { maxMessageLength, publicError } from "../errors.ts";
import type { AppEnv } from "../host.ts";
import { readBatchOfEvents, readEvents } from "../ingest/bodies.ts";
import { requirePublishable } from "../ingest/publishable.ts";
import { grants, requires } from "../kit/access.ts";
import { receives } from "../kit/routing.ts";
import { repeatableInvocation } from "../requests/requester.ts";

const mayPublish = requires("events:publish:<domain>", "own_tenant");

/** Adds the routes by which other programs hand in events. */
export function addIngestRoutes(routes: Hono<AppEnv>): void {
  routes.post("/", mayPublish, receives("text"), async (c) => {
    const { invocation, afterCommit, waitUntil } = c.get("host");
    waitUntil(markActivity(invocation));
    const { inputs, formerIds, isBatch } = await readEvents(c, invocation);
    await limitEvents(c, inputs.length);
    const context = { ...ingestContext(c), formerIds, ...(isBatch ? {} : { waitUntil }) };
    const results = await ingest(repeatableInvocation(c), permitted(c, inputs), context);
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
    const { inputs, formerIds } = await readBatchOfEvents(c, invocation);
    await limitEvents(c, inputs.length);
    const context = { ...ingestContext(c), formerIds };
    return answerBatch(c, await ingest(repeatableInvocation(c), permitted(c, inputs), context), afterCommit);
  });
}

/**
 * What the request says of its events. With a key their ids come from it by their place: the same in every repetition,
 * so that the record itself tells a repetition although the first answer was lost.
 */
function ingestContext(c: Context<AppEnv>): IngestContext {
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
