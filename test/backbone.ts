import {
  type AlertWatch,
  type Consumer,
  createEngine,
  type DeliveryFailure,
  type Engine,
  type MigrationSet,
  type Publish,
  type PublishContext,
  requireStream,
  type ScheduledJob,
  type StreamInvocation,
  type Tx,
  transactAndPublish,
} from "@brain/engine";
import { type Catalog, charter, type Envelope, encodeEntry } from "@brain/schemas";
import { type Config, parseConfig } from "../src/config.ts";
import type { DrainOptions, DrainResult } from "../src/engine/consume/drain/base.ts";
import { drainConsumer } from "../src/engine/consume/drain/drain.ts";
import { type RelayOptions, type RelayResult, relay } from "../src/engine/relay/relay.ts";
import { relayPlaceOf } from "../src/engine/relay/ride.ts";
import type { Command } from "../src/engine/stream/redis.ts";
import { createSandbox, type Places, type Sandbox } from "./sandbox.ts";

/** A backbone of its own on real Redis and Postgres, with the consumers of a test and nothing else. */
export interface Backbone {
  readonly sandbox: Sandbox;
  readonly config: Config;
  readonly system: Engine;
  readonly logs: string[];
  /** Tries that failed in `drain`, and deliveries that could not be tried. */
  readonly failures: DeliveryFailure[];
  /** A new invocation, as each request or tick opens one. `system.open()` is for a backbone without a stream. */
  open(): StreamInvocation;
  /** Publishes in one transaction. */
  publish<T>(context: PublishContext, run: (publish: Publish, tx: Tx) => Promise<T>): Promise<T>;
  relay(options?: Partial<RelayOptions>): Promise<RelayResult>;
  drain(consumer: Consumer, options?: Partial<DrainOptions>): Promise<DrainResult>;
  redis(...command: Command): Promise<unknown>;
  /** Rows of a statement on a direct connection. */
  sql<Row = Record<string, unknown>>(text: string, params?: unknown[]): Promise<Row[]>;
  /** Appends a foreign program's entry with an id that Redis gives. */
  append(event: Envelope | readonly string[], shard?: number): Promise<string>;
  readonly stream: string;
  cleanup(): Promise<void>;
}

export const testApiKey = "test-key-0123456789abcdef";
/** 32 bytes in base64. */
export const testSecretsKey = "dGVzdC1zZWNyZXRzLWtleS0wMTIzNDU2Nzg5YWJjZGU=";

/** What a test's own environment is in this sandbox. */
export function envOf(sandbox: Places, env: TestEnv = {}): Readonly<Record<string, string>> {
  return typeof env === "function" ? env(sandbox) : env;
}

/** Environment of a system in this sandbox. */
export function sandboxEnv(sandbox: Places, env: TestEnv = {}): Record<string, string> {
  return {
    NEON_DATABASE_URL: sandbox.neonUrl,
    UPSTASH_REDIS_REST_URL: sandbox.upstash.url,
    UPSTASH_REDIS_REST_TOKEN: sandbox.upstash.token,
    BRAIN_REDIS_PREFIX: sandbox.prefix,
    BRAIN_API_KEY: testApiKey,
    BRAIN_SECRETS_KEY: testSecretsKey,
    BRAIN_RELAY_SWEEP_MS: "0",
    BRAIN_SUBREQUEST_LIMIT: "10000",
    ...envOf(sandbox, env),
  };
}

/** Overrides of the environment; those that depend on the sandbox are made from it. */
export type TestEnv =
  | Readonly<Record<string, string>>
  | ((sandbox: Places) => Readonly<Record<string, string>>);

export interface BackboneOptions {
  readonly env?: TestEnv;
  readonly consumers?: readonly Consumer[];
  readonly jobs?: readonly ScheduledJob[];
  readonly watches?: readonly AlertWatch[];
  /** Default: the charter's events. */
  readonly catalog?: Catalog;
  readonly migrations?: readonly MigrationSet[];
  readonly now?: () => number;
}

export async function createBackbone(options: BackboneOptions = {}): Promise<Backbone> {
  const sandbox = await createSandbox();
  const logs: string[] = [];
  const failures: DeliveryFailure[] = [];
  const config = parseConfig(sandboxEnv(sandbox, options.env));
  const system = createEngine({
    catalog: options.catalog ?? charter,
    settings: config,
    consumers: options.consumers ?? [],
    jobs: options.jobs ?? [],
    watches: options.watches ?? [],
    migrations: options.migrations ?? [],
    sink: (_level, line) => logs.push(line),
    ...(options.now === undefined ? {} : { now: options.now }),
  });
  const open = () => requireStream(system.open(), ": open the invocation of the system itself.");
  const redis = (...command: Command) => open().redis.command(command);
  const stream = system.open().keys.stream(0);
  return {
    sandbox,
    config,
    system,
    logs,
    failures,
    open,
    stream,
    redis,
    publish: (context, run) => {
      const invocation = system.open();
      return transactAndPublish(invocation.db, invocation.publish, context, (tx, publish) =>
        run(publish, tx),
      );
    },
    relay: (given = {}) => {
      const invocation = open();
      // A request of the product may have taken a batch for the next relay.
      return relay(
        { ...invocation, settings: invocation.relay },
        { shard: 0, mayGoOn: () => true, place: relayPlaceOf(invocation, given.shard ?? 0), ...given },
      );
    },
    drain: (consumer, given = {}) =>
      drainConsumer(
        { ...open(), onPublished: () => undefined, onFailure: (one) => failures.push(one) },
        consumer,
        {
          shard: 0,
          deadlineMs: system.now() + 20_000,
          maxEvents: 100_000,
          ...given,
        },
      ),
    sql: sandbox.sql,
    async append(event, shard = 0) {
      const fields = "id" in event ? encodeEntry(event) : event;
      return String(await redis("XADD", open().keys.stream(shard), "*", ...fields));
    },
    cleanup: sandbox.cleanup,
  };
}
