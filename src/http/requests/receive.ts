import { BrainError, TooLargeError, ValidationError } from "@brain/engine";
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { requireReadable, unreadable } from "../kit/request-body.ts";

/** No route takes more; the batch route says so too. */
const maxBodyBytes = 1_048_576;

/**
 * Refuses bodies that are too long or in a form that is not read here, before any route reads.
 *
 * @throws {TooLargeError | UnsupportedMediaTypeError | BadRequestError}
 */
export function receiveBody(): MiddlewareHandler {
  const limited = bodyLimit({
    maxSize: maxBodyBytes,
    onError: () => {
      throw new TooLargeError(`The body is over the limit of ${maxBodyBytes} bytes. Send less at once.`);
    },
  });
  return async (c, next) => {
    requireReadable(c);
    let isReceived = false;
    try {
      // A body that does not say how long it is, is read here.
      return await limited(c, () => {
        isReceived = true;
        return next();
      });
    } catch (error) {
      if (isReceived || error instanceof BrainError) throw error;
      throw unreadable(error);
    }
  };
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
