import { BadRequestError, UnsupportedMediaTypeError, ValidationError } from "@brain/engine";
import { decodeUtf8, type JsonValue, readJson } from "@brain/schemas";
import type { Context } from "hono";

/* The one place that reads what a request carries. Strict: what is not understood is refused, never kept as something else. */

/**
 * Bytes of the body as they came.
 *
 * @throws {BadRequestError} the body ended before its end, e.g. broken chunks
 */
export async function readBytes(c: Context): Promise<Uint8Array> {
  try {
    return new Uint8Array(await c.req.arrayBuffer());
  } catch (cause) {
    throw unreadable(cause);
  }
}

/** A connection that ended too early, or chunks that are none. */
export function unreadable(cause: unknown): BadRequestError {
  return new BadRequestError("The body could not be read to its end. Send it again.", { cause });
}

/**
 * The body as text, in UTF-8.
 *
 * @throws {BadRequestError} it is not UTF-8; names the first byte that is not
 */
export async function readText(c: Context): Promise<string> {
  const decoded = decodeUtf8(await readBytes(c));
  if (decoded.ok) return decoded.text;
  throw new BadRequestError(
    `The body is not text in UTF-8: the byte at offset ${decoded.offset} does not belong there. Encode it as UTF-8 and send it again.`,
    { issues: [{ path: "", message: `not UTF-8 at byte offset ${decoded.offset}` }] },
  );
}

/**
 * The body as JSON.
 *
 * @returns undefined when there is no body, unless the content type says that there is one
 * @throws {BadRequestError} it is not JSON, or not UTF-8
 * @throws {ValidationError} it is JSON that would not be kept as it is; names each place
 */
export async function readJsonBody(c: Context): Promise<JsonValue | undefined> {
  const text = await readText(c);
  if (text.trim() === "" && !saysJson(c.req.header("content-type"))) return undefined;
  return jsonOf(text);
}

/** @throws as {@link readJsonBody} */
export function jsonOf(text: string): JsonValue {
  const read = readJson(text);
  if (read.ok) return read.value;
  const [first] = read.faults;
  const issues = read.faults.map(({ path, message }) => ({ path, message }));
  if (first.reason === "invalid_json") {
    throw new BadRequestError(`The body is not JSON (${first.message}). Expected a JSON body.`, { issues });
  }
  throw new ValidationError("The request is not valid; see details for each field.", { issues });
}

function saysJson(contentType: string | undefined): boolean {
  return /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(contentType ?? "");
}

/**
 * Refuses a body in a form that is not read here, before anything reads it.
 *
 * @throws {UnsupportedMediaTypeError} it is compressed, or text in another encoding
 */
export function requireReadable(c: Context): void {
  const encoding = c.req.header("content-encoding")?.trim().toLowerCase() ?? "";
  if (encoding !== "" && encoding !== "identity") {
    c.header("accept-encoding", "identity");
    throw new UnsupportedMediaTypeError(
      "The body has a Content-Encoding that is not read here. Send it as it is, without compression.",
      { issues: [{ path: "content-encoding", message: "expected none, or identity" }] },
    );
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(c.req.header("content-type") ?? "")?.[1];
  if (charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset)) {
    throw new UnsupportedMediaTypeError("The body has a charset that is not read here. Send it in UTF-8.", {
      issues: [{ path: "content-type", message: "expected charset=utf-8, or none" }],
    });
  }
}
