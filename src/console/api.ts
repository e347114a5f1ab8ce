/*
 * The console's one way to the system: the HTTP API, called in process with the credential of whoever looks at the page.
 * So who may see and do what, tenants, idempotency and the audit are those of the API.
 */

import type { Context } from "hono";

/** Answers a request as the API does. */
export type ApiFetch = (request: Request, c: Context) => Response | Promise<Response>;

/** What the API refused, in its own words. */
export class ApiRefusal extends Error {
  override readonly name = "ApiRefusal";
  readonly status: number;
  readonly code: string;
  /** Of the answer; null: there was none. */
  readonly requestId: string | null;
  /** What was wrong with which field. */
  readonly details: readonly { readonly path: string; readonly message: string }[];

  constructor(
    message: string,
    {
      status,
      code,
      requestId = null,
      details = [],
    }: Pick<ApiRefusal, "status" | "code"> & Partial<Pick<ApiRefusal, "requestId" | "details">>,
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.details = details;
  }
}

/** What a page itself refuses, in the form of the API. @param path of the field that it is about; left out: of none */
export function invalidForm(message: string, path?: string): ApiRefusal {
  const details = path === undefined ? [] : [{ path, message }];
  return new ApiRefusal(message, { status: 422, code: "validation_failed", details });
}

/** What the API answered to a change. */
export interface Changed<Body> {
  readonly status: number;
  readonly body: Body;
  /** Finds what operators did by it; null: the answer names none. */
  readonly requestId: string | null;
}

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Change {
  readonly method?: "POST" | "PUT" | "PATCH" | "DELETE";
  /** Left out: none. */
  readonly body?: unknown;
  /** Of one form, so that sending it twice does it once. Null where the route keeps no answer, as one with a secret. */
  readonly idempotencyKey: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ConsoleApi {
  /**
   * @param query what is null, undefined or empty is left out
   * @throws {ApiRefusal}
   */
  get<Body>(path: string, query?: Query): Promise<Body>;
  /** As `get`; null when there is no such thing, or the caller may not see it. */
  find<Body>(path: string, query?: Query): Promise<Body | null>;
  /** @throws {ApiRefusal} */
  change<Body>(path: string, change: Change): Promise<Changed<Body>>;
  /** The answer as it comes, for streams and files. */
  raw(path: string, query?: Query): Promise<Response>;
}

/** Of the request for a page, all but what describes its own body and form of answer. */
const notForwarded =
  /^(?:content-.*|accept|accept-encoding|connection|host|if-.*|range|transfer-encoding|idempotency-key|x-csrf-token|upgrade)$/;

/** Cookies that the API sets on the way, for the answer to the browser. */
export interface ApiSession {
  readonly api: ConsoleApi;
  readonly setCookies: readonly string[];
}

/**
 * @param csrfToken sent with changes; null: none
 * @param headers put over those of the request, e.g. to sign in
 */
export function openApi(
  c: Context,
  fetch: ApiFetch,
  csrfToken: string | null,
  headers: Readonly<Record<string, string>> = {},
): ApiSession {
  const setCookies: string[] = [];
  const own = new Headers();
  for (const [name, value] of c.req.raw.headers) if (!notForwarded.test(name)) own.set(name, value);
  for (const [name, value] of Object.entries(headers)) own.set(name, value);
  own.set("accept", "application/json");

  const send = async (path: string, query: Query, init: RequestInit, more: HeadersInit = {}) => {
    const url = new URL(c.req.url);
    url.pathname = path;
    url.search = searchOf(query);
    const sent = new Headers(own);
    for (const [name, value] of new Headers(more)) sent.set(name, value);
    const answer = await fetch(new Request(url, { ...init, headers: sent }), c);
    for (const cookie of answer.headers.getSetCookie()) {
      setCookies.push(cookie);
      // What is asked next comes with it: a session's token is good once it is replaced.
      own.set("cookie", withCookie(own.get("cookie") ?? "", cookie));
    }
    return answer;
  };

  const get = async <Body>(path: string, query: Query = {}) =>
    (await bodyOf(await send(path, query, {}))) as Body;

  return {
    setCookies,
    api: {
      get,
      async find<Body>(path: string, query: Query = {}) {
        try {
          return await get<Body>(path, query);
        } catch (error) {
          if (error instanceof ApiRefusal && (error.status === 404 || error.status === 403)) return null;
          throw error;
        }
      },
      async change<Body>(path: string, { method = "POST", body, idempotencyKey, headers }: Change) {
        const answer = await send(
          path,
          {},
          { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) },
          {
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            ...(csrfToken === null ? {} : { "x-csrf-token": csrfToken }),
            ...(idempotencyKey === null ? {} : { "idempotency-key": idempotencyKey }),
            ...headers,
          },
        );
        return {
          status: answer.status,
          body: (await bodyOf(answer)) as Body,
          requestId: answer.headers.get("x-request-id"),
        };
      },
      raw: (path, query = {}) => send(path, query, { signal: c.req.raw.signal }),
    },
  };
}

export function searchOf(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === null || value === undefined || value === "" ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}

function withCookie(cookies: string, set: string): string {
  const pair = set.split(";", 1)[0] ?? "";
  const name = pair.split("=", 1)[0] ?? "";
  const others = cookies.split(/; */).filter((cookie) => cookie !== "" && !cookie.startsWith(`${name}=`));
  return [...others, pair].join("; ");
}

/** @throws {ApiRefusal} */
async function bodyOf(answer: Response): Promise<unknown> {
  const text = await answer.text();
  const isJson = (answer.headers.get("content-type") ?? "").includes("json");
  const body: unknown = isJson && text !== "" ? JSON.parse(text) : null;
  if (answer.ok) return body;
  const { error } = (body ?? {}) as {
    readonly error?: {
      readonly code: string;
      readonly message: string;
      readonly request_id: string;
      readonly details?: ApiRefusal["details"];
    };
  };
  throw new ApiRefusal(error?.message ?? `The API answered ${answer.status}.`, {
    status: answer.status,
    code: error?.code ?? "internal_error",
    requestId: error?.request_id ?? answer.headers.get("x-request-id"),
    details: error?.details ?? [],
  });
}
