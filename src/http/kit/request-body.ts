import {
  BadRequestError,
  BrainError,
  RequestTimeoutError,
  TooLargeError,
  UnsupportedMediaTypeError,
  ValidationError,
} from "@brain/engine";
import { decodeUtf8, type JsonValue, readJson } from "@brain/schemas";
import type { Context } from "hono";

/* The one place that reads what a request carries. Strict: what is not understood is refused, never kept as something else. */

/** No route takes more; the batch route says so too. */
const maxBodyBytes = 1_048_576;

/**
 * How long a body may take to come, ms. Requests that wait for theirs cannot take all places: in two seconds as many of them
 * begin as there are places, and eight times as many may be in work (`requests/admission.ts`).
 */
const bodyMs = 15_000;

type Bytes = Uint8Array<ArrayBuffer>;

/** What was read of requests that are in work. */
const isolateBodies = new WeakMap<Request, Promise<Bytes>>();

/**
 * Bytes of the body as they came. It may be read again.
 *
 * @param most bytes that whoever reads first takes
 * @throws {BadRequestError} the body ended before its end, e.g. broken chunks
 * @throws {TooLargeError}
 * @throws {RequestTimeoutError} it does not come to its end
 */
export function readBytes(c: Context, most: number = maxBodyBytes): Promise<Bytes> {
  const { raw } = c.req;
  const bytes = isolateBodies.get(raw) ?? receiveBytes(raw, most);
  isolateBodies.set(raw, bytes);
  return bytes;
}

/**
 * Reads the body, and puts one that is whole in the place of the one that was coming, for whoever reads it in another way.
 *
 * @throws as {@link readBytes}
 */
export async function receiveWhole(c: Context, most: number = maxBodyBytes): Promise<void> {
  const bytes = await readBytes(c, most);
  c.req.raw = new Request(c.req.raw, { body: bytes });
  isolateBodies.set(c.req.raw, Promise.resolve(bytes));
}

async function receiveBytes(request: Request, most: number): Promise<Bytes> {
  if (request.body === null) return new Uint8Array();
  const length = toldLength(request);
  if (length !== null && length > most) throw tooLarge(most);
  try {
    if (length !== null) return new Uint8Array(await inTime(request.arrayBuffer()));
    const reader = request.body.getReader();
    return await inTime(readAll(reader, most)).catch((error) => {
      void reader.cancel().catch(() => undefined);
      throw error;
    });
  } catch (error) {
    if (error instanceof BrainError) throw error;
    // A connection that ended too early, or chunks that are none.
    throw new BadRequestError("The body could not be read to its end. Send it again.", { cause: error });
  }
}

/** Bytes; null: the request does not say how many. */
export function toldLength({ headers }: Request): number | null {
  const told = headers.get("content-length");
  return told === null || !/^\d{1,15}$/.test(told) || headers.has("transfer-encoding") ? null : Number(told);
}

function tooLarge(most: number): TooLargeError {
  return new TooLargeError(`The body is over the limit of ${most} bytes. Send less at once.`);
}

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>, most: number): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    length += value.length;
    if (length > most) throw tooLarge(most);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

async function inTime<Result>(work: Promise<Result>): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(
      new RequestTimeoutError(`The body did not come to its end within ${bodyMs / 1_000} s. Send it again.`),
    );
  }, bodyMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
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
 * Refuses a body that says it is too long, or is in a form that is not read here, before anything reads it.
 *
 * @throws {TooLargeError}
 * @throws {UnsupportedMediaTypeError} it is compressed, or text in another encoding
 */
export function requireReadable(c: Context): void {
  if ((toldLength(c.req.raw) ?? 0) > maxBodyBytes) throw tooLarge(maxBodyBytes);
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
