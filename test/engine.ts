import { cronTick, type Database, type DrainResult, drainAll, relayAll } from "@brain/engine";
import { type Answer, readAnswer } from "@brain/engine/testing";
import type { Hono } from "hono";
import { parseConfig, tellSettings } from "../src/config.ts";
import type { AppEnv, Host } from "../src/http/host.ts";
import { openProduct } from "../src/http-composition.ts";
import { type Backbone, createBackbone, sandboxEnv, type TestEnv, testApiKey } from "./backbone.ts";

/** The whole product in this process, on real Redis and Postgres. Nothing moves before the test says so. */
export interface TestEngine extends Omit<Backbone, "drain" | "relay"> {
  readonly app: Hono<AppEnv>;
  /** The same on another database, e.g. that of one tenant. */
  appOn(database: (db: Database) => Database): Hono<AppEnv>;
  /** Sends the bearer key; `body` is sent as JSON. `headers` may replace the key. */
  request(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  /** Waits for what goes on behind answers. */
  background(): Promise<void>;
  relay(): Promise<void>;
  /** One drain of one consumer. */
  drain(subscriber: string): Promise<DrainResult>;
  /** Relays and drains until nothing moves. */
  settle(): Promise<void>;
  /** One cron tick, which runs the scheduled jobs that are due. */
  cron(): Promise<void>;
  streamEntries(): Promise<{ readonly id: string; readonly fields: Readonly<Record<string, string>> }[]>;
  deadLetters(subscriber: string): Promise<Record<string, unknown>[]>;
  /** Entries that a consumer group has read and not yet acked. */
  pendingCount(group: string): Promise<number>;
}

/**
 * @param env overrides of the environment
 * @param clock left out: that of the machine
 */
export async function createTestEngine(
  env: TestEnv = {},
  clock: { readonly now?: () => number } = {},
): Promise<TestEngine> {
  // The consumers come from the configuration alone, which needs no sandbox yet.
  const placeholder = { databaseUrl: "", neonUrl: "postgres://u:p@127.0.0.1/d", redisUrl: "", prefix: "t" };
  const environment = sandboxEnv({ ...placeholder, upstash: { url: "http://127.0.0.1", token: "t" } }, env);
  const product = openProduct(parseConfig(environment), { settings: tellSettings(environment) });
  const backbone = await createBackbone({ env, ...clock, ...product });
  const background = new Set<Promise<unknown>>();
  const openHost = (): Host => ({
    // Also one without a stream, as in degraded mode.
    invocation: backbone.system.open(),
    apiKey: testApiKey,
    waitUntil: (work) => {
      const tracked = work.catch(() => undefined).finally(() => background.delete(tracked));
      background.add(tracked);
    },
    afterCommit: () => undefined,
    startJobs: () => undefined,
  });
  const app = product.createApp(openHost);
  const appOn: TestEngine["appOn"] = (database) =>
    product.createApp(() => {
      const { invocation, ...host } = openHost();
      return { ...host, invocation: { ...invocation, db: database(invocation.db) } };
    });
  const deadline = () => Date.now() + 20_000;
  return {
    ...backbone,
    app,
    appOn,
    async request(method, path, body, headers = {}) {
      const response = await app.request(path, {
        method,
        headers: {
          authorization: `Bearer ${testApiKey}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      return readAnswer(response);
    },
    async background() {
      while (background.size > 0) await Promise.all(background);
    },
    relay: () => relayAll(backbone.open(), deadline(), () => undefined),
    drain(subscriber) {
      const consumer = backbone.system.consumers.get(subscriber);
      if (consumer === undefined) throw new Error(`no consumer ${subscriber}`);
      return backbone.drain(consumer);
    },
    async settle() {
      await Promise.all(background);
      const invocation = backbone.open();
      await relayAll(invocation, deadline(), () => undefined);
      await drainAll(invocation, deadline(), null);
    },
    cron: () => cronTick(backbone.open(), deadline()),
    async streamEntries() {
      const reply = (await backbone.redis("XRANGE", backbone.stream, "-", "+")) as [string, string[]][];
      return reply.map(([id, flat]) => {
        const fields: Record<string, string> = {};
        for (let at = 0; at < flat.length; at += 2) fields[flat[at] ?? ""] = flat[at + 1] ?? "";
        return { id, fields };
      });
    },
    async pendingCount(group) {
      const [count] = (await backbone.redis("XPENDING", backbone.stream, group)) as [number];
      return count;
    },
    deadLetters: (subscriber) =>
      backbone.sql("SELECT * FROM dead_letters WHERE subscriber_name = $1 ORDER BY id", [subscriber]),
  };
}
