import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { answerError, causeOf, isRefused, parseBody, type Server, unreachable } from "./answer-errors.ts";
import { AnswerError, CliError, ConnectionError } from "./errors.ts";
import { listenOnce, type ServerEvent } from "./live-connection.ts";

/** Query parameters; left out when undefined. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** The HTTP API of one server. Answers are given as they come; `T` says what the route documents. */
export interface Client {
  get<T>(path: string, query?: Query): Promise<T>;
  /** Sends an Idempotency-Key, so that a repeat after a lost reply does nothing twice. */
  post<T>(path: string, body?: Readonly<Record<string, unknown>>): Promise<T>;
  /** Like `post`, for a route that remembers no keys, because its answer holds a secret: it is sent once. */
  postOnce<T>(path: string, body?: Readonly<Record<string, unknown>>): Promise<T>;
  /** Says what is to be so; a repeat changes nothing more. */
  put<T>(path: string, body: Readonly<Record<string, unknown>>): Promise<T>;
  /** Like `post`, with a text as body. The server must be fine with a repeat: the route has no memory of keys. */
  postText<T>(path: string, query: Query, text: string): Promise<T>;
  /**
   * A text of many items as it is, with an Idempotency-Key. An answer that tells of each item is one, also when all of
   * them were refused.
   */
  postItems<T>(path: string, contentType: string, text: string): Promise<T>;
  /** The body of an answer as it comes, for what is too large to be held. */
  open(path: string, query?: Query): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Server-sent events of a route, until the server ends them.
   *
   * @param after id of the last one that came, to go on behind it; null: from now on
   * @throws {ConnectionError} the connection broke, or nothing came for so long that it must have
   */
  listen(path: string, query: Query, after: string | null): AsyncGenerator<ServerEvent>;
  /** Like `get`, but gives error answers too; for routes whose status is the news. */
  probe(path: string): Promise<{ readonly status: number; readonly body: unknown }>;
}

export interface ClientOptions extends Server {
  /** Id of the user on whose behalf this is done; null: nobody's. */
  readonly actor: string | null;
}

/** A drain by hand may take 20 s for each shard. */
const timeoutMs = 120_000;
/**
 * The server says 409 with `retry-after` while the first of two equal requests is still under way, and 503 with
 * `retry-after-ms` when it is too busy and has done nothing.
 */
const maxWaits = 30;

/** One request, and what a lost or mixed answer to it means. */
interface Call {
  readonly path: string;
  /** Default GET. */
  readonly method?: "POST" | "PUT";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** False: it is sent once, because a repeat would do it twice. Default true. */
  readonly isRepeatable?: boolean;
  /** True: an answer that tells of each item is one, whatever its status. Default false. */
  readonly tellsOfItems?: boolean;
}

interface Sent {
  readonly response: Response;
  readonly text: string;
}

/**
 * @returns a client that throws a CliError for every answer that is an error, with what the API says, and a
 * ConnectionError when there is no answer
 */
export function createClient({ url, key, actor }: ClientOptions): Client {
  const headers = {
    accept: "application/json",
    ...(key === null ? {} : { authorization: `Bearer ${key}` }),
    ...(actor === null ? {} : { "x-actor-id": actor }),
  };
  const server: Server = { url, key };
  const ask = <T>(call: Call) => askOf<T>(server, { ...call, headers: { ...headers, ...call.headers } });
  const json = { "content-type": "application/json" };
  const once = () => ({ "idempotency-key": randomUUID() });
  return {
    get: (path, query = {}) => ask({ path: withQuery(path, query) }),
    post: (path, body = {}) =>
      ask({ path, method: "POST", headers: { ...json, ...once() }, body: JSON.stringify(body) }),
    postOnce: (path, body = {}) =>
      ask({ path, method: "POST", headers: json, body: JSON.stringify(body), isRepeatable: false }),
    put: (path, body) => ask({ path, method: "PUT", headers: json, body: JSON.stringify(body) }),
    postText: (path, query, text) =>
      ask({
        path: withQuery(path, query),
        method: "POST",
        headers: { "content-type": "text/plain; charset=utf-8" },
        body: text,
      }),
    postItems: (path, contentType, text) =>
      ask({
        path,
        method: "POST",
        headers: { "content-type": contentType, ...once() },
        body: text,
        tellsOfItems: true,
      }),
    async open(path, query = {}) {
      // No time limit: it lasts as long as there is something to come.
      // biome-ignore lint/style/noRestrictedGlobals: redirects are off
      const response = await fetch(`${url}${withQuery(path, query)}`, { headers, redirect: "manual" }).catch(
        (error: unknown) => {
          throw unreachable(url, error);
        },
      );
      if (response.ok && response.body !== null) return response.body;
      throw answerError(server, path, response.status, await response.text());
    },
    listen: (path, query, after) =>
      listenOnce(server, withQuery(path, query), {
        ...headers,
        ...(after === null ? {} : { "last-event-id": after }),
      }),
    async probe(path) {
      const { response, text } = await send(url, { path, headers });
      return { status: response.status, body: parseBody(text) };
    },
  };
}

async function askOf<T>(server: Server, call: Call): Promise<T> {
  const { url } = server;
  const { response, text } = await send(url, call);
  const target = response.headers.get("location");
  if (response.status >= 300 && response.status < 400 && target !== null) {
    const message = `${url} redirects to ${target}, which is not followed. If that is the server, give its address with --url or CHARTER_URL.`;
    throw new AnswerError(response.status, message);
  }
  const body = parseBody(text);
  const hasItems =
    call.tellsOfItems === true && Array.isArray((body as { results?: unknown } | null)?.results);
  if (!response.ok && !hasItems) throw answerError(server, call.path, response.status, text);
  if (body === null)
    throw new CliError(`${url} answered something that is not JSON. Is it the right server?`);
  return body as T;
}

/** Repeats once when the reply was lost; who only reads loses nothing, and who writes has its key. */
async function send(url: string, call: Call): Promise<Sent> {
  try {
    return await sendPatiently(url, call);
  } catch (error) {
    if (isRefused(error)) throw unreachable(url, error);
    if (call.isRepeatable === false)
      throw new ConnectionError(
        `The reply of ${url} was lost (${causeOf(error)}), so it is unknown whether this was done. "charter actions" shows what was.`,
      );
    try {
      return await sendPatiently(url, call);
    } catch (again) {
      if (isRefused(again) || call.method === undefined) throw unreachable(url, again);
      throw new ConnectionError(
        `The reply of ${url} was lost twice (${causeOf(again)}), so it is unknown whether this was done. "charter actions" shows what was.`,
      );
    }
  }
}

async function sendPatiently(url: string, call: Call): Promise<Sent> {
  for (let waits = 0; ; waits += 1) {
    const sent = await sendOnce(url, call);
    const waitMs = waitBefore(sent.response);
    if (waitMs === null || waits >= maxWaits) return sent;
    await delay(Math.min(5_000, Math.max(200, waitMs)));
  }
}

async function sendOnce(url: string, { path, method, headers = {}, body }: Call): Promise<Sent> {
  const signal = AbortSignal.timeout(timeoutMs);
  // A redirect would carry the key to another address, and make a GET of a POST.
  // biome-ignore lint/style/noRestrictedGlobals: redirects are off
  const response = await fetch(`${url}${path}`, {
    method: method ?? "GET",
    headers,
    ...(body === undefined ? {} : { body }),
    redirect: "manual",
    signal,
  });
  return { response, text: await response.text() };
}

/** Time after which the same request is worth another try, ms; null: this is the answer. */
function waitBefore({ status, headers }: Response): number | null {
  const [seconds, ms] = [headers.get("retry-after"), headers.get("retry-after-ms")];
  if (status === 503 && ms !== null) return Number(ms);
  return status === 409 && seconds !== null ? 1_000 * Number(seconds) : null;
}

function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}
