import { BadRequestError, ConflictError, describeError } from "@brain/engine";
import type { Context, MiddlewareHandler, Next } from "hono";
import { matchedRoutes } from "hono/route";
import type { AppEnv } from "../host.ts";
import { isOfOneTenant } from "../kit/access.ts";
import {
  admitRequest,
  forgetRequest,
  jobKey,
  type KeyedRequest,
  keepAnswer,
  notesCommitted,
  sha256OfParts,
} from "../kit/idempotency.ts";
import { requireIdempotencyKey } from "../kit/idempotency-key.ts";
import type { KeyHandling } from "../kit/mount.ts";
import { readBytes } from "../kit/request-body.ts";

const maxRouteLength = 300;
/** When a caller may ask again while the first request is under way, s. */
const busyRetryS = 2;

/** The request's `Idempotency-Key`; null when it has none. */
function idempotencyKeyOf(c: Context): string | null {
  const key = c.req.header("idempotency-key");
  return key === undefined ? null : requireIdempotencyKey(key);
}

/** What a job that this request starts stores of the key; null when there is none. */
export async function jobKeyOf(c: Context<AppEnv>, kind: string): Promise<string | null> {
  const key = idempotencyKeyOf(c);
  return jobKey(kind, key === null ? null : await ownKey(c, key));
}

/** The key of this identity for this tenant: two may think of the same one. */
async function ownKey(c: Context<AppEnv>, key: string): Promise<string> {
  const whose = whoseOf(c);
  return whose.length === 0 ? key : sha256OfParts([...whose, key]);
}

/**
 * The identity, and the tenant it works for, where it may work for several: a subject of an issuer does with each token for
 * the tenant that this names. None: the bootstrap key, whose requests were the only ones before there were others.
 */
function whoseOf(c: Context<AppEnv>): readonly string[] {
  const { principal } = c.get("services");
  if (principal === null || principal.kind === "bootstrap") return [];
  const { id, tenantId } = principal;
  return tenantId === null || isOfOneTenant(id) ? [id] : [id, tenantId];
}

/** What releases up to migration 0032 made of the key, when that was another one. Their rows are kept for two days. */
async function formerKeyOf(c: Context<AppEnv>, key: string): Promise<string | null> {
  const [id, tenantId] = whoseOf(c);
  return id === undefined || tenantId === undefined ? null : sha256OfParts([id, key]);
}

/** Longest answer that is kept, in UTF-16 units. */
const maxKeptLength = 1_048_576;

/**
 * Answers a repeated POST with the first answer, and does nothing then (header `idempotency-replayed: true`). Every POST
 * goes through here. An answer that says "not now" (408, 425, 429, 500 and above) is not kept unless work was committed,
 * so the same key may be tried again. What no route answers (404, 405) does nothing, so its key is not looked at.
 *
 * @throws {BadRequestError} the route takes no key
 * @throws {ValidationError} the key has not the shape of one
 * @throws {ConflictError} the key was used for another request, its first request is under way, or its answer was lost
 */
export function idempotent(handlingOf: (c: Context) => KeyHandling): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const key = isAnsweredPost(c) ? idempotencyKeyOf(c) : null;
    const handling = key === null ? null : handlingOf(c);
    if (key === null || handling === "own") return next();
    if (handling === "refused") {
      throw new BadRequestError(
        "This route takes no Idempotency-Key: send the request without that header.",
        {
          issues: [{ path: "idempotency-key", message: "expected no such header" }],
        },
      );
    }
    const { db } = c.get("host").invocation;
    const request = await keyedRequest(c, key);
    const admission = await admitRequest(db, request);
    switch (admission.kind) {
      case "other":
        throw new ConflictError(
          "This Idempotency-Key was used for another request: its body or query is different. Use a new key for a new request.",
        );
      case "of_no_tenant":
        throw new ConflictError(
          "A request with this Idempotency-Key was taken before this release, which did not note for which tenant. Look whether it was yours and what it did, and use a new key for a new request.",
        );
      case "lost":
        throw new ConflictError(
          `The first request with this Idempotency-Key was carried out, but its answer was lost. Do not repeat it: GET /api/events/correlation/${admission.correlationId} shows what it did.`,
        );
      case "busy":
        c.header("retry-after", String(busyRetryS));
        throw new ConflictError(
          "The first request with this Idempotency-Key is under way. Send it again in a few seconds for its answer.",
        );
      case "answered":
        c.header("idempotency-replayed", "true");
        if (admission.status === 204) return c.body(null, 204);
        return c.body(admission.response, admission.status as 200, { "content-type": "application/json" });
      case "work":
        await work(c, next, request, admission.since);
    }
  };
}

/** True for a POST that a route answers, and not only middleware. */
function isAnsweredPost(c: Context): boolean {
  return c.req.method === "POST" && matchedRoutes(c).some(({ method }) => method === "POST");
}

/** The key's row is noted in every transaction of the request that writes, and ids that it makes come from the key. */
async function work(c: Context<AppEnv>, next: Next, request: KeyedRequest, since: string): Promise<void> {
  let isOver = false;
  const services = c.get("services");
  // The hash alone is that of any request that says the same: another key is another request.
  c.set("keyHash", await sha256OfParts([request.hash, request.key]));
  c.set("services", {
    ...services,
    db: services.db.endingWith(notesCommitted(request, since, () => isOver)),
  });
  await next();
  isOver = true;
  await settle(c, request, since);
}

async function keyedRequest(c: Context<AppEnv>, key: string): Promise<KeyedRequest> {
  const { pathname: sent, search } = new URL(c.req.url);
  // A repetition may write the path with a slash at its end or without.
  const pathname = sent.replace(/(?<=.)\/$/, "");
  const actor = c.req.header("x-actor-id") ?? "";
  return {
    key: await ownKey(c, key),
    formerKey: await formerKeyOf(c, key),
    route: `${c.req.method} ${pathname}`.slice(0, maxRouteLength),
    // Kept for two days, and compared by the release before and the one behind: what goes into it stays.
    hash: await sha256OfParts([
      pathname,
      search,
      actor,
      await readBytes(c),
      ...cloudEventHeaders(c),
      ...whoseOf(c),
    ]),
    correlationId: c.get("services").correlationId,
  };
}

/** The part of a CloudEvent in binary mode that is not in the body. */
function cloudEventHeaders(c: Context<AppEnv>): string[] {
  const headers = [...c.req.raw.headers].filter(([name]) => name.startsWith("ce-"));
  return headers.length === 0 ? [] : [JSON.stringify(headers.toSorted())];
}

function isNotNow(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** The work is done; when its answer cannot be kept, the caller gets it all the same. */
async function settle(c: Context<AppEnv>, request: KeyedRequest, since: string): Promise<void> {
  const { db } = c.get("host").invocation;
  try {
    if (isNotNow(c.res.status) && (await forgetRequest(db, request, since))) return;
    const response = await c.res.clone().text();
    // One that is too long counts as lost for those who repeat it.
    if (response.length <= maxKeptLength)
      await keepAnswer(db, request, since, { status: c.res.status, response });
  } catch (error) {
    c.get("log").warn({}, `The answer to a request with a key was not kept: ${describeError(error)}`);
  }
}
