import type { Catalog, EventDefinition, PayloadInputOf } from "@brain/schemas";
import type { SQL } from "drizzle-orm";
import type { Consumer } from "../consume/consumer.ts";
import type { CallOutside } from "../consume/define/call-outside.ts";
import type { ScheduledJob } from "../consume/define/define-job.ts";
import type { DeliveryFailure } from "../consume/drain/base.ts";
import { beginDispatch } from "../dispatch/dispatch.ts";
import { drainSubscribers } from "../dispatch/drain-shards.ts";
import { relayShards } from "../dispatch/relay-shards.ts";
import { createEngine, type Engine } from "../engine.ts";
import type { RecordedDetails } from "../events/history.ts";
import { requireStream } from "../invocation.ts";
import type { SqlMigrationSet } from "../migrations/sql-migration.ts";
import { type LetterView, listLetters } from "../operations/consumers/dead-letters.ts";
import type { PublishOptions } from "../publish/publish.ts";
import type { EngineSettings } from "../settings.ts";
import { createRedis, type RedisHttp } from "../stream/redis.ts";
import { createTestClock, type TestClock } from "./clock.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { type EventExpectations, expectationsOf } from "./expectations.ts";
import { checkFailures, type ExpectedFailure } from "./failures.ts";
import { refuseOutside } from "./outside.ts";
import { describeCounts, type Published, recordedEvents } from "./recorded.ts";
import {
  type Answer,
  type BackgroundContext,
  type Requested,
  type RequestOptions,
  request,
} from "./request.ts";

/** A test has one Redis, and keys of its own there. */
type NotOfTests = "redis" | "redisPrefix" | "furtherRedis" | "shardDatabases";

/** Redis and Postgres as the edge reaches them. */
export interface TestServices {
  /** Any database of a Postgres behind Neon's protocol, as a role that may create others. It is not touched. */
  readonly databaseUrl: string;
  /** A Redis behind Upstash's REST API. All keys of a test begin with a prefix of its own. */
  readonly redis: { readonly url: string; readonly token: string };
}

/** Where a test runner tells of the end of a test; vitest exports both, and its tests are given both. */
export interface TestHooks {
  onTestFinished(run: () => Promise<void>): void;
  onTestFailed?(run: () => void): void;
}

export interface TestEngineOptions {
  readonly services: TestServices;
  readonly catalog: Catalog;
  readonly consumers?: readonly Consumer[];
  readonly jobs?: readonly ScheduledJob[];
  /** The product's migrations, applied behind the engine's. */
  readonly migrations?: readonly SqlMigrationSet[];
  /** Statements that are run behind the migrations, such as the tables of a test. */
  readonly statements?: readonly string[];
  /** What differs from the defaults of tests: one shard, leases of 10 s, all log lines. */
  readonly settings?: Partial<Omit<EngineSettings, "databaseUrl" | NotOfTests>>;
  /**
   * What answers when a handler calls the outside (`fetch` of its context). Left out: a handler that does fails. For a server
   * of your own give `callOutside` of `@brain/engine`.
   */
  readonly fetch?: CallOutside;
  /** With them the engine is closed when the test ends, and its log is printed when the test failed. */
  readonly hooks?: TestHooks;
  /** Where the log of a failed test goes; default: the console's errors. */
  readonly print?: (text: string) => void;
}

export interface SettleOptions {
  /** What has to fail. Default: nothing may. */
  readonly expectFailures?: readonly ExpectedFailure[];
}

/** An engine on real Redis and Postgres that moves nothing before the test says so. */
export interface TestEngine extends EventExpectations {
  /** For what is tested: `createApp(test.engine)`. What it does in the background goes on at the next `settle`. */
  readonly engine: Engine;
  /** The engine's clock. Retries, pauses and timers come when the test has moved it there. */
  readonly clock: TestClock;
  /** Publishes one event in a transaction of its own, with "test" as its source. */
  publish<D extends EventDefinition>(
    definition: D,
    payload: PayloadInputOf<D>,
    options?: PublishOptions,
  ): Promise<Published<D>>;
  /**
   * Sends and handles what is due, and what handlers publish meanwhile, until nothing moves.
   *
   * @throws {UnexpectedOutcomeError} a delivery failed that was not expected to, or none did that was; with the stack
   * @throws {Error} the engine could not work, or events bring forth events without end
   */
  settle(options?: SettleOptions): Promise<void>;
  /** Has everything on the streams delivered once more, as when acks were lost; `settle` then handles it. */
  redeliver(): Promise<void>;
  /** Runs the jobs and retries that are due, as a cron tick does. */
  cron(): Promise<void>;
  /** What was published, in order. */
  events(): Promise<readonly RecordedDetails[]>;
  /** Open dead letters, the oldest first. */
  deadLetters(): Promise<readonly LetterView[]>;
  /** Rows of a statement in the test's database. */
  rows<Row>(statement: SQL): Promise<Row[]>;
  /** Sends a request to an app without a network; what it gives to `waitUntil` goes on until the next `settle`. */
  request(app: Requested, method: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** What an app is called with, to be given to it by hand. */
  readonly context: BackgroundContext;
  /** Lines of the engine's log, JSON. */
  readonly logs: readonly string[];
  printLogs(): void;
  /** Drops the database and deletes the keys. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** With a clock that stands still, this is "what is due now, and nothing that has to be waited for". */
const atOnceMs = 1;
/** Passes of `settle`; each but the last moved something. */
const maxPasses = 100;

function settingsOf(
  services: TestServices,
  prefix: string,
  given: NonNullable<TestEngineOptions["settings"]>,
): EngineSettings {
  return {
    mode: "required",
    shards: 1,
    payload: { warnBytes: 8_192, maxBytes: 65_536 },
    wireCompat: false,
    pubsubFanout: false,
    subrequestLimit: 10_000,
    leaseMs: 10_000,
    followers: { perIsolate: 500, perCaller: 250 },
    ingestPerMinute: null,
    relaySweepMs: 0,
    retention: { streamKeep: 10_000, dedupDays: 90, eventsDays: 90 },
    alerts: {
      windowMinutes: 60,
      deadLetters: 10,
      lagSeconds: 600,
      relaySeconds: 300,
      criticalTimeSeconds: 300,
    },
    logLevel: "debug",
    ...given,
    ...services,
    // Last: all keys that begin with it are deleted at the end.
    redisPrefix: prefix,
  };
}

/**
 * Makes an engine for one test, or for the tests of a file: a database of its own with the engine's tables and yours,
 * and keys of its own in Redis. Close it, give `hooks`, or write `await using`.
 *
 * ```ts
 * const test = await createTestEngine({ services, catalog, consumers: [stock], statements: [createOrders], hooks });
 * await test.publish(orderPlaced, { order_id });
 * await test.settle();
 * await test.expectEvent(stockReserved, { order_id });
 * ```
 *
 * @throws {Error} Redis or Postgres cannot be used; says what to do
 */
export async function createTestEngine(options: TestEngineOptions): Promise<TestEngine> {
  const name = `t_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
  const database = await createTestDatabase({
    serverUrl: options.services.databaseUrl,
    name,
    also: options.migrations ?? [],
    statements: options.statements ?? [],
  });
  try {
    return openTestEngine(options, name, database);
  } catch (error) {
    // Consumers that the engine refuses, hooks outside of a test: nobody has got what could be closed.
    await database.drop();
    throw error;
  }
}

function openTestEngine(options: TestEngineOptions, name: string, database: TestDatabase): TestEngine {
  const { services, catalog, consumers = [], jobs = [], hooks } = options;
  const { print = (text) => console.error(text) } = options;
  const clock = createTestClock();
  const logs: string[] = [];
  const failures: DeliveryFailure[] = [];
  const engine = createEngine({
    catalog,
    consumers,
    jobs,
    migrations: options.migrations ?? [],
    settings: settingsOf({ ...services, databaseUrl: database.url }, name, options.settings ?? {}),
    sink: (_level, line) => logs.push(line),
    now: clock.now,
    fetch: options.fetch ?? refuseOutside,
    onFailure: (failure) => failures.push(failure),
    budgets: { backgroundMs: atOnceMs, cronMs: atOnceMs, janitorMs: atOnceMs },
  });
  const background = new Set<Promise<unknown>>();
  const context = contextOf(background);
  const redis = createRedis({ ...services.redis, timeoutMs: 10_000, meter: null });
  const { db } = database;
  let closing: Promise<void> | null = null;
  const close = async () => {
    await Promise.allSettled(background);
    await Promise.all([database.drop(), deleteKeys(redis, `${name}*`)]);
  };
  const test: TestEngine = {
    engine,
    clock,
    context,
    logs,
    printLogs: () => print(["Log of the engine:", ...logs].join("\n")),
    publish: (definition, payload, given) =>
      engine.transact({ source: "test" }, (_tx, publish) => publish(definition, payload, given)) as never,
    async settle({ expectFailures = [] } = {}) {
      await moveAll(engine, background, logs, () => recordedEvents(db));
      checkFailures(failures.splice(0), expectFailures, clock.now());
    },
    async redeliver() {
      const { keys } = engine.open();
      for (const { group } of consumers) {
        for (let shard = 0; shard < engine.settings.shards; shard += 1) {
          await redis.command(["XGROUP", "SETID", keys.stream(shard), group, "0"]);
        }
      }
    },
    cron: () => engine.cron(),
    events: () => recordedEvents(db),
    ...expectationsOf(() => recordedEvents(db)),
    async deadLetters() {
      return (await listLetters(db, { status: "open", limit: 1_000 })).letters.toReversed();
    },
    rows: (statement) => db.rows(statement),
    request: (app, method, path, given = {}) => request(app, method, path, given, context),
    close() {
      closing ??= close();
      return closing;
    },
    [Symbol.asyncDispose]: () => test.close(),
  };
  hooks?.onTestFailed?.(test.printLogs);
  hooks?.onTestFinished(test.close);
  return test;
}

/** What a handler of a request may start behind its answer. @param background gets it, until it is over */
const contextOf = (background: Set<Promise<unknown>>): BackgroundContext => ({
  waitUntil: (work) => {
    const tracked = work.finally(() => background.delete(tracked));
    // Who waits for it is told; until then it is no unhandled rejection.
    tracked.catch(() => undefined);
    background.add(tracked);
  },
  passThroughOnException: () => undefined,
  props: {},
});

/**
 * Makes an engine, gives it to `run`, and closes it. Prints the engine's log when `run` throws. For every runner.
 *
 * @throws whatever `run` throws
 */
export async function withTestEngine<T>(
  options: Omit<TestEngineOptions, "hooks">,
  run: (test: TestEngine) => Promise<T>,
): Promise<T> {
  const test = await createTestEngine(options);
  try {
    return await run(test);
  } catch (error) {
    test.printLogs();
    throw error;
  } finally {
    await test.close();
  }
}

/** Relays and drains what is due until nothing moves. @throws {Error} something failed that is no handler */
async function moveAll(
  engine: Engine,
  background: ReadonlySet<Promise<unknown>>,
  logs: readonly string[],
  events: () => Promise<readonly RecordedDetails[]>,
): Promise<void> {
  const before = logs.length;
  for (let pass = 0; pass < maxPasses; pass += 1) {
    await Promise.all(background);
    const dispatch = beginDispatch(requireStream(engine.open(), ""), engine.now() + atOnceMs);
    await relayShards(dispatch, () => undefined);
    await drainSubscribers(dispatch, [...engine.consumers.keys()]);
    if (dispatch.failed) {
      const lines = logs.slice(before).filter((line) => JSON.parse(line).level === "error");
      throw new Error(["The engine could not work:", ...lines].join("\n"));
    }
    if (dispatch.leftOver) break;
    if (!dispatch.progress && background.size === 0) return;
  }
  throw new Error(
    `Events still move after ${engine.settings.subrequestLimit} calls to Redis and Postgres. Do handlers publish events for each other without end? ${describeCounts(await events())}`,
  );
}

async function deleteKeys(redis: RedisHttp, pattern: string): Promise<void> {
  let cursor = "0";
  do {
    const reply = await redis.command(["SCAN", cursor, "MATCH", pattern, "COUNT", "1000"]);
    const [next, keys] = reply as [unknown, unknown];
    if (Array.isArray(keys) && keys.length > 0) await redis.command(["DEL", ...keys.map(String)]);
    cursor = String(next);
  } while (cursor !== "0");
}
