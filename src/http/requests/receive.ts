import { ValidationError } from "@brain/engine";
import type { MiddlewareHandler } from "hono";
import { receiveWhole, requireReadable, toldLength } from "../kit/request-body.ts";

/**
 * Refuses bodies that say that they are too long, or that are in a form that is not read here.
 *
 * @throws {TooLargeError | UnsupportedMediaTypeError}
 */
export function refuseUnreadable(): MiddlewareHandler {
  return (c, next) => {
    requireReadable(c);
    return next();
  };
}

/**
 * Reads a body that does not say how long it is, so that one that is too long is refused before any route reads. Behind
 * whoever finds out who calls: such a body may come slowly, or have no end, and takes a place meanwhile.
 *
 * @throws {TooLargeError | BadRequestError | RequestTimeoutError}
 */
export function receiveBody(): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.raw.body !== null && toldLength(c.req.raw) === null) await receiveWhole(c);
    await next();
  };
}

/** What is read of a body that nobody wanted, and for how long, ms. */
const discardBytes = 1_048_576;
const discardMs = 1_000;

/**
 * Takes what the client is sending and nobody reads, because the request was refused before. A connection over which
 * something is left is closed behind the answer: the answer may be lost with it, and the next request is.
 */
export function discardUnreadBody(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const { body } = c.req.raw;
    if (body !== null && !c.req.raw.bodyUsed && !body.locked) await discard(body);
  };
}

/** Takes it as far as it is little and comes at once. Never throws. */
async function discard(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, discardMs, null);
  });
  try {
    for (let bytes = 0; bytes <= discardBytes; ) {
      const chunk = await Promise.race([reader.read(), late]);
      if (chunk === null || chunk.done) break;
      bytes += chunk.value.length;
    }
  } catch {
    // The client has gone; nobody waits for the answer.
  } finally {
    clearTimeout(timer);
    // Not `releaseLock`: in workerd it throws while a read is pending.
    await reader.cancel().catch(() => undefined);
  }
}

const escapes = /(?:%[0-9a-f]{2})+/gi;

/**
 * Refuses an address whose path or query is no text, or text that Postgres cannot hold.
 *
 * @throws {ValidationError} names the place: `path`, or the parameter of the query
 */
export function requireStorableUrl(url: string): void {
  // Only escapes of NUL and of bytes above ASCII can be at fault.
  if (!/%(?:00|[89a-f])/i.test(url)) return;
  const { pathname, search } = new URL(url);
  const issues = [
    ...(isText(pathname) ? [] : [{ path: "path", message: notText }]),
    ...search
      .slice(1)
      .split("&")
      .filter((part) => !isText(part))
      .map((part) => ({ path: nameOf(part), message: notText })),
  ];
  if (issues.length > 0) {
    throw new ValidationError("The address is not text that can be stored; see details.", { issues });
  }
}

const notText = "expected text in UTF-8 without NUL and without halves of surrogate pairs";

function isText(escaped: string): boolean {
  for (const [run] of escaped.matchAll(escapes)) {
    try {
      if (decodeURIComponent(run).includes("\0")) return false;
    } catch {
      return false;
    }
  }
  return true;
}

function nameOf(parameter: string): string {
  const [name = ""] = parameter.split("=");
  return /^[\w.-]{1,100}$/.test(name) ? name : "query";
}
