import type { Context, MiddlewareHandler } from "hono";
import { describeError } from "../consume/dead-letters.ts";
import { ConflictError, ValidationError } from "../core/errors.ts";
import {
  admitRequest,
  forgetRequest,
  jobKey,
  type KeyedRequest,
  keepAnswer,
  sha256Hex,
} from "../operate/idempotency.ts";
import type { AppEnv } from "./host.ts";

const keyShape = /^[\x21-\x7e]{1,255}$/;
const maxRouteLength = 300;
/** When a caller may ask again while the first request is under way, s. */
const busyRetryS = 2;

/** The request's `Idempotency-Key`; null when it has none. */
function idempotencyKeyOf(c: Context): string | null {
  const key = c.req.header("idempotency-key");
  if (key === undefined || keyShape.test(key)) return key ?? null;
  throw new ValidationError("The Idempotency-Key header is not a key.", {
    issues: [{ path: "idempotency-key", message: "expected 1 to 255 visible ASCII characters" }],
  });
}

/** What a job that this request starts stores of the key; null when there is none. */
export function jobKeyOf(c: Context, kind: string): Promise<string | null> {
  return jobKey(kind, idempotencyKeyOf(c));
}

/**
 * Answers a repeated POST with the first answer, and does nothing then (header `idempotency-replayed: true`). Applies to
 * requests with an `Idempotency-Key`. Answers of 500 and above are not kept, so the same key may be tried again.
 *
 * @throws {ValidationError} the key has not the shape of one
 * @throws {ConflictError} the key was used for another request, or its first request is under way
 */
export function idempotent(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const key = c.req.method === "POST" ? idempotencyKeyOf(c) : null;
    if (key === null) return next();
    const { db } = c.get("host").invocation;
    const request = await keyedRequest(c, key);
    const admission = await admitRequest(db, request);
    switch (admission.kind) {
      case "other":
        throw new ConflictError(
          "This Idempotency-Key was used for another request: its body or query is different. Use a new key for a new request.",
        );
      case "busy":
        c.header("retry-after", String(busyRetryS));
        throw new ConflictError(
          "The first request with this Idempotency-Key is under way. Send it again in a few seconds for its answer.",
        );
      case "answered":
        return c.body(admission.response, admission.status as 200, {
          "content-type": "application/json",
          "idempotency-replayed": "true",
        });
      case "work":
        await next();
        await settle(c, request, admission.since);
    }
  };
}

async function keyedRequest(c: Context, key: string): Promise<KeyedRequest> {
  const { pathname, search } = new URL(c.req.url);
  const actor = c.req.header("x-actor-id") ?? "";
  return {
    key,
    route: `${c.req.method} ${pathname}`.slice(0, maxRouteLength),
    hash: await sha256Hex([pathname, search, actor, await c.req.arrayBuffer()]),
  };
}

/** The work is done; when its answer cannot be kept, the caller gets it all the same. */
async function settle(c: Context<AppEnv>, request: KeyedRequest, since: string): Promise<void> {
  const { db } = c.get("host").invocation;
  try {
    if (c.res.status >= 500) return await forgetRequest(db, request, since);
    await keepAnswer(db, request, since, { status: c.res.status, response: await c.res.clone().text() });
  } catch (error) {
    c.get("log").warn({}, `The answer to a request with a key was not kept: ${describeError(error)}`);
  }
}
