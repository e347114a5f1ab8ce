import { generateKeyPairSync } from "node:crypto";
import { createEngine, drainAll, relayAll, requireStream } from "@brain/engine";
import type { Hono } from "hono";
import { parseConfig } from "../../src/config.ts";
import type { AppEnv } from "../../src/http/host.ts";
import { loadRoutes } from "../../src/http/mounted-routes.ts";
import { openProduct } from "../../src/http-composition.ts";
import { sandboxEnv, testApiKey } from "../backbone.ts";
import { createSandbox } from "../sandbox.ts";
import { type Reply, readReply } from "./surface.ts";
import { openTcpGate, type TcpGate } from "./tcp-gate.ts";

/** The product with all its routes, whose Redis and Postgres a test can take away. */
export interface GatedProduct {
  readonly app: Hono<AppEnv>;
  readonly logs: string[];
  readonly postgres: TcpGate;
  readonly redis: TcpGate;
  /** What must never be seen outside: the keys, passwords and addresses in use. */
  readonly secrets: readonly string[];
  /** Sends the bearer key unless `init.headers` say otherwise; `authorization: ""` sends none. */
  send(path: string, init?: RequestInit): Promise<Reply>;
  /** Rows of a statement, past the gate. */
  sql<Row = Record<string, unknown>>(text: string, params?: unknown[]): Promise<Row[]>;
  /** One command, through the gate. */
  command(...command: [string, ...string[]]): Promise<unknown>;
  readonly stream: string;
  /** The database behind the gateway of Neon, past the gate. */
  readonly neonUrl: string;
  /** Begins every key in Redis. */
  readonly prefix: string;
  /** Waits for the background work of requests. */
  background(): Promise<void>;
  /** Relays and drains everything, as a cron tick does. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Settings without which some routes would only say that they are missing. Nobody listens at the address of Stripe. */
function withEverything() {
  const { privateKey } = generateKeyPairSync("ed25519");
  return {
    STRIPE_API_URL: "http://127.0.0.1:9",
    STRIPE_SECRET_KEY: "sk_planted_secret",
    STRIPE_WEBHOOK_SECRET: "whsec_planted_secret",
    BRAIN_CERTIFICATE_KEY: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
  };
}

/** @param options.relays false: what is published waits until the test settles it; otherwise as in production */
export async function createGatedProduct(
  options: { readonly relays?: boolean; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<GatedProduct> {
  const sandbox = await createSandbox();
  const postgres = await openTcpGate(sandbox.neonUrl);
  const redis = await openTcpGate(sandbox.upstash.url);
  const env = sandboxEnv(sandbox, {
    NEON_DATABASE_URL: postgres.url,
    UPSTASH_REDIS_REST_URL: redis.url,
    ...withEverything(),
    ...options.env,
  });
  const config = parseConfig(env);
  const logs: string[] = [];
  const product = openProduct(config);
  const { catalog, consumers, jobs } = product;
  const system = createEngine({
    catalog,
    settings: config,
    consumers,
    jobs,
    // Without Redis the relay behind a request tries until its time is over. What it leaves is settled by the test.
    budgets: { backgroundMs: 1_500 },
    sink: (_level, line) => logs.push(line),
  });
  const running = new Set<Promise<unknown>>();
  const waitUntil = (work: Promise<unknown>) => {
    const tracked: Promise<unknown> = work.catch(() => undefined).finally(() => running.delete(tracked));
    running.add(tracked);
  };
  const deadline = () => Date.now() + 10_000;
  const app = product.createApp(() => {
    const invocation = system.open();
    const afterCommit = () => {
      if (options.relays ?? true) waitUntil(system.afterCommit({ invocation, wake: () => undefined }));
    };
    return { invocation, apiKey: testApiKey, waitUntil, afterCommit, startJobs: () => undefined };
  });
  await loadRoutes(app);
  const stream = system.open().keys.stream(0);
  return {
    app,
    logs,
    postgres,
    redis,
    stream,
    neonUrl: sandbox.neonUrl,
    prefix: sandbox.prefix,
    secrets: [
      testApiKey,
      new URL(sandbox.neonUrl).password,
      sandbox.upstash.token,
      new URL(postgres.url).host,
      new URL(redis.url).host,
    ],
    async send(path, init = {}) {
      const headers = new Headers({ authorization: `Bearer ${testApiKey}` });
      for (const [name, value] of new Headers(init.headers)) headers.set(name, value);
      if (headers.get("authorization") === "") headers.delete("authorization");
      return readReply(await app.request(path, { ...init, headers }));
    },
    sql: sandbox.sql,
    async command(...command) {
      return system.open().redis?.command(command);
    },
    background: async () => {
      while (running.size > 0) await Promise.all(running);
    },
    async settle() {
      const invocation = requireStream(system.open(), ": the test needs one.");
      await relayAll(invocation, deadline(), () => undefined);
      await drainAll(invocation, deadline(), null);
    },
    async close() {
      await Promise.all([postgres.close(), redis.close()]);
      await sandbox.cleanup();
    },
  };
}
