import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { AnswerError, CliError, ConnectionError } from "./errors.ts";

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

/** One server-sent event; empty where it says nothing. */
export interface ServerEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

export interface ClientOptions {
  readonly url: string;
  /** Null: none was given. */
  readonly key: string | null;
  /** Id of the user on whose behalf this is done; null: nobody's. */
  readonly actor: string | null;
}

/** A drain by hand may take 20 s for each shard. */
const timeoutMs = 120_000;
/** A live connection on which nothing comes for so long is broken, ms. */
const silentMs = 60_000;
/**
 * The server says 409 with `retry-after` while the first of two equal requests is still under way, and 503 with
 * `retry-after-ms` when it is too busy and has done nothing.
 */
const maxWaits = 30;

interface Sent {
  readonly response: Response;
  readonly text: string;
}

/** Error body of the API. */
interface ErrorBody {
  readonly error?: {
    readonly code?: string;
    readonly message?: string;
    readonly request_id?: string;
    readonly details?: readonly { readonly path: string; readonly message: string }[];
  };
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

  async function sendOnce(path: string, init: RequestInit): Promise<Sent> {
    const signal = AbortSignal.timeout(timeoutMs);
    // A redirect would carry the key to another address, and make a GET of a POST.
    // biome-ignore lint/style/noRestrictedGlobals: redirects are off
    const response = await fetch(`${url}${path}`, { ...init, redirect: "manual", signal });
    return { response, text: await response.text() };
  }

  /** Repeats once when the reply was lost; who only reads loses nothing, and who writes has its key. */
  async function send(path: string, init: RequestInit, isRepeatable: boolean): Promise<Sent> {
    try {
      return await sendPatiently(path, init);
    } catch (error) {
      if (isRefused(error)) throw unreachable(url, error);
      if (!isRepeatable)
        throw new ConnectionError(
          `The reply of ${url} was lost (${causeOf(error)}), so it is unknown whether this was done. "charter actions" shows what was.`,
        );
      try {
        return await sendPatiently(path, init);
      } catch (again) {
        if (isRefused(again) || init.method === "GET") throw unreachable(url, again);
        throw new ConnectionError(
          `The reply of ${url} was lost twice (${causeOf(again)}), so it is unknown whether this was done. "charter actions" shows what was.`,
        );
      }
    }
  }

  async function sendPatiently(path: string, init: RequestInit): Promise<Sent> {
    for (let waits = 0; ; waits += 1) {
      const sent = await sendOnce(path, init);
      const waitMs = waitBefore(sent.response);
      if (waitMs === null || waits >= maxWaits) return sent;
      await delay(Math.min(5_000, Math.max(200, waitMs)));
    }
  }

  /** One connection. A server of ours says something every 15 s. */
  async function* listen(path: string, after: string | null): AsyncGenerator<ServerEvent> {
    const ended = new AbortController();
    const hear = () => setTimeout(() => ended.abort(), silentMs);
    let silence = hear();
    try {
      // biome-ignore lint/style/noRestrictedGlobals: redirects are off
      const response = await fetch(`${url}${path}`, {
        headers: {
          ...headers,
          accept: "text/event-stream",
          ...(after === null ? {} : { "last-event-id": after }),
        },
        redirect: "manual",
        signal: ended.signal,
      });
      if (!response.ok || response.body === null) {
        const body = parseBody(await response.text());
        throw new AnswerError(
          response.status,
          explain(response.status, body as ErrorBody | null, { url, key, path }),
        );
      }
      for await (const text of response.body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(splitMessages())) {
        clearTimeout(silence);
        silence = hear();
        yield readMessage(text);
      }
    } catch (error) {
      if (error instanceof CliError) throw error;
      throw isRefused(error)
        ? unreachable(url, error)
        : new ConnectionError(`The connection to ${url} broke.`);
    } finally {
      clearTimeout(silence);
      ended.abort();
    }
  }

  async function ask<T>(path: string, init: RequestInit, isRepeatable = true, areItems = false): Promise<T> {
    const { response, text } = await send(path, init, isRepeatable);
    const target = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && target !== null) {
      const message = `${url} redirects to ${target}, which is not followed. If that is the server, give its address with --url or CHARTER_URL.`;
      throw new AnswerError(response.status, message);
    }
    const body = parseBody(text);
    const tellsOfItems = areItems && Array.isArray((body as { results?: unknown } | null)?.results);
    if (!response.ok && !tellsOfItems) {
      const message = explain(response.status, body as ErrorBody | null, { url, key, path });
      throw new AnswerError(response.status, message);
    }
    if (body === null)
      throw new CliError(`${url} answered something that is not JSON. Is it the right server?`);
    return body as T;
  }

  return {
    get: (path, query = {}) => ask(withQuery(path, query), { method: "GET", headers }),
    post: (path, body = {}) =>
      ask(path, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json", "idempotency-key": randomUUID() },
        body: JSON.stringify(body),
      }),
    postOnce: (path, body = {}) =>
      ask(
        path,
        {
          method: "POST",
          headers: { ...headers, "content-type": "application/json" },
          body: JSON.stringify(body),
        },
        false,
      ),
    put: (path, body) =>
      ask(path, {
        method: "PUT",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    postText: (path, query, text) =>
      ask(withQuery(path, query), {
        method: "POST",
        headers: { ...headers, "content-type": "text/plain; charset=utf-8" },
        body: text,
      }),
    postItems: (path, contentType, text) =>
      ask(
        path,
        {
          method: "POST",
          headers: { ...headers, "content-type": contentType, "idempotency-key": randomUUID() },
          body: text,
        },
        true,
        true,
      ),
    async open(path, query = {}) {
      // No time limit: it lasts as long as there is something to come.
      // biome-ignore lint/style/noRestrictedGlobals: redirects are off
      const response = await fetch(`${url}${withQuery(path, query)}`, { headers, redirect: "manual" }).catch(
        (error: unknown) => {
          throw unreachable(url, error);
        },
      );
      if (response.ok && response.body !== null) return response.body;
      const body = parseBody(await response.text()) as ErrorBody | null;
      throw new AnswerError(response.status, explain(response.status, body, { url, key, path }));
    },
    listen: (path, query, after) => listen(withQuery(path, query), after),
    async probe(path) {
      const { response, text } = await send(path, { method: "GET", headers }, true);
      return { status: response.status, body: parseBody(text) };
    },
  };
}

/** Whole messages of a stream of server-sent events. */
function splitMessages(): TransformStream<string, string> {
  let left = "";
  return new TransformStream({
    transform(chunk, controller) {
      const messages = (left + chunk).split("\n\n");
      left = messages.pop() ?? "";
      for (const message of messages) controller.enqueue(message);
    },
  });
}

function readMessage(text: string): ServerEvent {
  const fields = new Map(
    text.split("\n").map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at), line.slice(at + 1).replace(/^ /, "")];
    }),
  );
  return { id: fields.get("id") ?? "", event: fields.get("event") ?? "", data: fields.get("data") ?? "" };
}

function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const ownProgram =
  "A program of your own answers operators with operatorRoutes of @brain/operator; keys, sessions, tasks and who is told of alerts are modules of BRAiN EventStream itself.";

function explain(
  status: number,
  body: ErrorBody | null,
  { url, key, path }: Pick<ClientOptions, "url" | "key"> & { readonly path: string },
): string {
  const error = body?.error;
  const route = path.split("?", 1)[0];
  if (status === 401 && key !== null && error?.message === undefined)
    return `${url} refused the key for ${route}, and not in the words of this API: there is no such route, or something before it wants another key. ${ownProgram}`;
  if (status === 401) {
    const what = key === null ? "No key was given" : `${url} refused the key`;
    return `${what}. Set CHARTER_KEY (or BRAIN_API_KEY), or give --key; "npm start" prints the key of a local server, where API keys are not the only ones. If another server is meant, say which with --url or CHARTER_URL.`;
  }
  if (error?.message === undefined && status === 404) return `${url} has no route ${route}. ${ownProgram}`;
  if (error?.message === undefined) return `${url} answered ${status} without an explanation.`;
  const details = (error.details ?? []).map(
    ({ path, message }) => `\n  ${path === "" ? "request" : path}: ${message}`,
  );
  return `${error.message}${details.join("")}\n  (${error.code ?? status}, request ${error.request_id ?? "?"})`;
}

/** Time after which the same request is worth another try, ms; null: this is the answer. */
function waitBefore({ status, headers }: Response): number | null {
  const [seconds, ms] = [headers.get("retry-after"), headers.get("retry-after-ms")];
  if (status === 503 && ms !== null) return Number(ms);
  return status === 409 && seconds !== null ? 1_000 * Number(seconds) : null;
}

/** The code of a network error, or what it says; undici hides both in the cause. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return "no answer";
  const { code } = cause as NodeJS.ErrnoException;
  return typeof code === "string" ? code : cause.message || cause.name;
}

/** Nobody took the request, so nothing happened. */
function isRefused(error: unknown): boolean {
  return ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "UND_ERR_CONNECT_TIMEOUT"].includes(
    causeOf(error),
  );
}

function unreachable(url: string, error: unknown): ConnectionError {
  return new ConnectionError(
    `Nothing answers at ${url} (${causeOf(error)}). Start it with "npm start", or say where it is with --url or CHARTER_URL.`,
  );
}
