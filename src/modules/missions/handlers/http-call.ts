import {
  isSealed,
  issuesOf,
  PermanentError,
  refusedHost,
  retryAfterMs,
  TransientError,
  UpstreamError,
  ValidationError,
} from "@brain/engine";
import { holdsSecret, isJsonObject, type JsonObject, type JsonValue, readJson } from "@brain/schemas";
import * as z from "zod";
import { callOutside } from "../../call-outside.ts";
import { type BoundedText, readBounded, requirePublic } from "../../outgoing.ts";
import type { ResolveHost } from "../../ports/host-names.ts";
import type { MissionContext, MissionHandler } from "../../ports/mission-handler.ts";

/** What is read of an answer, bytes. */
const maxAnswerBytes = 65_536;
/** Headers that belong to the connection, to us, or to whoever stands between. */
const reservedHeaders =
  /^(?:host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect|proxy-.*|cf-.*|x-forwarded-.*|x-real-ip|forwarded|via|idempotency-key)$/;
const bodyless: ReadonlySet<string> = new Set(["GET", "HEAD"]);

const request = z
  .strictObject({
    url: z.url({ protocol: /^https?$/, error: "Expected an absolute http or https URL" }).max(2048),
    method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]).default("POST"),
    headers: z
      .record(
        z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, { error: "Expected the name of a header" }),
        z.string().regex(/^[\t\x20-\x7e]{0,4096}$/, { error: "Expected printable ASCII" }),
      )
      .default({}),
    /** Text is sent as it is, anything else as JSON. Left out: no body. */
    body: z.unknown().optional(),
    timeout_ms: z.int().min(100).max(30_000).default(10_000),
  })
  .superRefine(({ method, headers, body }, context) => {
    const issue = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
    if (Object.keys(headers).length > 30) issue(["headers"], "At most 30 headers");
    for (const name of Object.keys(headers))
      if (reservedHeaders.test(name.toLowerCase()))
        issue(["headers", name], "This header is not the caller's");
    if (body !== undefined && bodyless.has(method)) issue(["body"], `${method} has no body`);
  });
type Request = z.output<typeof request>;

/**
 * Calls a URL and keeps the answer. Redirects are not followed, because they lead where nobody has looked. A name is
 * judged by its spelling and, where it can be resolved here, by all of its addresses. The call resolves it once more, so
 * whoever owns the name can still change it in between: a network that must not be reached needs a wall of its own.
 *
 * @param allow hosts that may be called although they are private, `name` or `name:port`
 * @param resolve null: names cannot be resolved here
 */
export function httpCallHandler(allow: readonly string[], resolve: ResolveHost | null): MissionHandler {
  const check = (payload: JsonObject) => {
    const parsed = request.safeParse(payload);
    if (!parsed.success) return { call: null, issues: issuesOf(parsed.error) };
    const refused = refusedHost(new URL(parsed.data.url), allow);
    return refused === null
      ? { call: parsed.data, issues: null }
      : { call: null, issues: [{ path: "url", message: refused }] };
  };
  return {
    type: "http_call",
    describe: "Calls a URL (url, method, headers, body, timeout_ms) and keeps status and body of the answer.",
    timeoutMs: 40_000,
    validate: (payload) => check(payload).issues,
    async execute(mission, context) {
      const { call, issues } = check(mission.payload);
      if (call === null) throw new ValidationError("The call is not allowed or not valid.", { issues });
      await requirePublic(new URL(call.url), allow, resolve);
      return send(call, context.idempotencyKey("http_call"), context);
    },
    secrets: replaceSecrets,
    eventResult: ({ status }) => ({ status: status ?? null }),
  };
}

/**
 * Headers that say nothing of who calls. All others may be what lets somebody in, whatever they are called, so they are
 * secrets.
 */
const openHeaders: ReadonlySet<string> = new Set([
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
  "date",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-unmodified-since",
  "prefer",
  "range",
  "user-agent",
]);

const isSecretText = (text: string) => isSealed(text) || holdsSecret(text);

/** Headers, the query, and what looks like a secret in the rest of the URL and in the body. */
function replaceSecrets(payload: JsonObject, replace: (secret: string) => string): JsonObject {
  const { url, headers, body } = payload;
  return {
    ...payload,
    ...(typeof url === "string" ? { url: replaceInUrl(url, replace) } : {}),
    ...(isJsonObject(headers) ? { headers: replaceHeaders(headers, replace) } : {}),
    ...(body === undefined ? {} : { body: replaceTexts(body, replace) }),
  };
}

function replaceInUrl(url: string, replace: (secret: string) => string): string {
  const end = url.indexOf("?") + 1;
  const [place, query] = end === 0 ? [url, ""] : [url.slice(0, end), url.slice(end)];
  if (isSecretText(place)) return replace(url);
  return query === "" ? url : place + replace(query);
}

function replaceHeaders(headers: JsonObject, replace: (secret: string) => string): JsonObject {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const isOpen = openHeaders.has(name.toLowerCase()) || typeof value !== "string" || value === "";
      return [name, isOpen ? value : replace(value)];
    }),
  );
}

function replaceTexts(value: JsonValue, replace: (secret: string) => string): JsonValue {
  if (typeof value === "string") return isSecretText(value) ? replace(value) : value;
  if (Array.isArray(value)) return value.map((item) => replaceTexts(item, replace));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceTexts(item, replace)]));
}

/**
 * @throws {TransientError} no answer in time, network failure, 408, 425, 429 and 5xx; carries `Retry-After`
 * @throws {UpstreamError | PermanentError} any other refusal, and redirects
 */
async function send(
  call: Request,
  idempotencyKey: string,
  { signal, now }: Pick<MissionContext, "signal" | "now">,
): Promise<JsonObject> {
  const { host } = new URL(call.url);
  const timeout = AbortSignal.timeout(call.timeout_ms);
  const headers = new Headers(call.headers);
  headers.set("idempotency-key", idempotencyKey);
  const isText = typeof call.body === "string";
  if (call.body !== undefined && !headers.has("content-type"))
    headers.set("content-type", isText ? "text/plain; charset=utf-8" : "application/json");
  let response: Response;
  let answer: BoundedText;
  try {
    response = await callOutside(call.url, {
      method: call.method,
      headers,
      ...(call.body === undefined ? {} : { body: isText ? String(call.body) : JSON.stringify(call.body) }),
      signal: AbortSignal.any([timeout, signal]),
    });
    answer = await readBounded(response, maxAnswerBytes);
  } catch (error) {
    signal.throwIfAborted();
    throw timeout.aborted
      ? new TransientError(`${host} did not answer within ${call.timeout_ms} ms.`, { cause: error })
      : new TransientError(`${host} could not be reached.`, { cause: error });
  }
  const { status } = response;
  if (status >= 200 && status < 300) return resultOf(response, answer);
  if (status === 0 || (status >= 300 && status < 400))
    throw new PermanentError(`${host} answered with a redirect, which is not followed. Call the final URL.`);
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const waitMs = retryAfterMs(response.headers.get("retry-after"), now());
    throw new TransientError(
      `${host} answered with status ${status}.`,
      waitMs === null ? {} : { retryAfterMs: waitMs },
    );
  }
  throw new UpstreamError(`${host} refused the call with status ${status}.`);
}

function resultOf(response: Response, { text, truncated }: BoundedText): JsonObject {
  const contentType = response.headers.get("content-type");
  const json = !truncated && contentType?.includes("json") === true ? parseJson(text) : null;
  return {
    status: response.status,
    content_type: contentType,
    truncated,
    ...(json === null ? { body: text } : { json }),
  };
}

/** Null when it is no object or list, or would not be kept as it is; the text tells all of it then. */
function parseJson(text: string): JsonValue | null {
  const read = readJson(text);
  return read.ok && (isJsonObject(read.value) || Array.isArray(read.value)) ? read.value : null;
}
