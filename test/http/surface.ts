import type { Database, RateLimit } from "@brain/engine";
import { createApp } from "../../src/http/app.ts";
import type { Host } from "../../src/http/host.ts";
import type { Mount } from "../../src/http/kit/mount.ts";
import { type Backbone, type BackboneOptions, createBackbone, testApiKey } from "../backbone.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; null when it is not JSON. */
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface Surface extends Backbone {
  /** Sends the bearer key unless `init.headers` say otherwise. */
  send(path: string, init?: RequestInit & { duplex?: "half" }): Promise<Reply>;
  /** POST of a JSON body; a string is sent as it is. */
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  /** Rows in the record. */
  recorded(): Promise<number>;
  streamLength(): Promise<number>;
  /** Waits for the background work that requests started. */
  background(): Promise<void>;
}

/**
 * The HTTP surface of the backbone alone, with the consumers of a test and no modules, on real Redis and Postgres.
 *
 * @param options.relayAfterCommit true: as in production; false: events wait until the test relays them
 * @param options.database what requests get instead of the database; default: it
 */
export async function createSurface(
  options: BackboneOptions & {
    readonly relayAfterCommit?: boolean;
    readonly database?: (db: Database) => Database;
    readonly mounts?: readonly Mount[];
    readonly limits?: readonly RateLimit[];
  } = {},
): Promise<Surface> {
  const backbone = await createBackbone(options);
  const running = new Set<Promise<unknown>>();
  const waitUntil = (work: Promise<unknown>) => {
    const tracked: Promise<unknown> = work.catch(() => undefined).finally(() => running.delete(tracked));
    running.add(tracked);
  };
  const open = (): Host => {
    const opened = backbone.system.open();
    const invocation = { ...opened, db: options.database?.(opened.db) ?? opened.db };
    return {
      invocation,
      apiKey: testApiKey,
      waitUntil,
      startJobs: () => undefined,
      afterCommit: () => {
        if (options.relayAfterCommit)
          waitUntil(backbone.system.afterCommit({ invocation, wake: () => undefined }));
      },
    };
  };
  const app = createApp({
    open,
    modules: [{ name: "test", routes: options.mounts ?? [], limits: options.limits ?? [] }],
  });
  const send: Surface["send"] = async (path, init = {}) => {
    const headers = new Headers({ authorization: `Bearer ${testApiKey}` });
    for (const [name, value] of new Headers(init.headers)) headers.set(name, value);
    return readReply(await app.request(path, { ...init, headers }));
  };
  return {
    ...backbone,
    send,
    post: (path, body, headers = {}) =>
      send(path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    recorded: async () =>
      (await backbone.sql<{ count: number }>("SELECT count(*)::integer AS count FROM events"))[0]?.count ??
      -1,
    streamLength: async () => Number(await backbone.redis("XLEN", backbone.stream)),
    background: async () => {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

/** The answer as a whole; of live events, which have no end, only its head. */
export async function readReply(response: Response): Promise<Reply> {
  const type = response.headers.get("content-type") ?? "";
  const isLive = type.includes("text/event-stream");
  if (isLive) await response.body?.cancel();
  const text = isLive ? "" : await response.text();
  const isJson = /\bjson\b/.test(type) && text !== "";
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? JSON.parse(text) : null,
  };
}
