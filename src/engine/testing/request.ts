/** What answers requests: a Hono app, the default export of a Worker. */
export interface Requested {
  // biome-ignore lint/suspicious/noExplicitAny: a Worker's own types of its environment and context stand here
  fetch(request: Request, env?: any, context?: any): Response | Promise<Response>;
}

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; null when it is not JSON. */
  readonly body: ReturnType<typeof JSON.parse>;
}

/** What a Worker's runtime gives with a request. */
export interface BackgroundContext {
  waitUntil(work: Promise<unknown>): void;
  passThroughOnException(): void;
  readonly props: unknown;
}

export interface RequestOptions {
  /** A text is sent as it stands, anything else as JSON; left out: no body. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The environment of a Worker; default: empty. */
  readonly env?: unknown;
}

/** Sends one request without a network. */
export async function request(
  app: Requested,
  method: string,
  path: string,
  { body, headers = {}, env = {} }: RequestOptions,
  context: BackgroundContext,
): Promise<Answer> {
  const sent = new Request(new URL(path, "http://test.local"), {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return readAnswer(await app.fetch(sent, env, context));
}

/** Reads an answer to its end. */
export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = /\bjson\b/.test(response.headers.get("content-type") ?? "") && text !== "";
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : null };
}
