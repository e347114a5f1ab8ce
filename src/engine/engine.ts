import type { Catalog } from "@brain/schemas";
import type { Archive } from "./archive.ts";
import type { Consumer } from "./consume/consumer.ts";
import type { CallOutside } from "./consume/define/call-outside.ts";
import { registerConsumers } from "./consume/define/define-consumer.ts";
import { registerJobs, type ScheduledJob } from "./consume/define/define-job.ts";
import type { DeliveryFailure } from "./consume/drain/base.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { isObject, requireFitting, requireList } from "./core/received.ts";
import type { MigrationSet } from "./core/schema-state.ts";
import { createVault } from "./core/secrets/vault.ts";
import { describeUnknownSetting } from "./core/settings/unknown-settings.ts";
import { createLogger, type Logger, type LogSink } from "./core/telemetry/log.ts";
import type { AlertWatch } from "./db/alert-watch.ts";
import type { Tx } from "./db/database.ts";
import { drainAll } from "./dispatch/drain-shards.ts";
import type { News } from "./dispatch/news.ts";
import { cronTick, runJanitor } from "./dispatch/on-demand.ts";
import { relayAll, type Wake } from "./dispatch/relay-shards.ts";
import { runJobsNow, runJobsOnNews } from "./dispatch/scheduled-jobs.ts";
import { hasStream, type Invocation, type StreamInvocation } from "./invocation.ts";
import { rewrapSecrets } from "./operations/rewrap-secrets.ts";
import { prepareInvocations } from "./prepare-invocations.ts";
import { markActivity } from "./publish/activity.ts";
import { type Publish, type PublishContext, transactAndPublish } from "./publish/publish.ts";
import type { RecordedEvent } from "./publish/record.ts";
import { beginRecording } from "./relay/recording.ts";
import { type EngineSettings, requireSettings } from "./settings.ts";

/** How long the engine goes on at most when it is called, ms; what it leaves is for the next call. */
export interface TimeBudgets {
  /**
   * After a commit, a wake, or jobs that are due now. Default 25,000: a Worker may go on for 30 s after its answer, and
   * some of it is kept for finishing.
   *
   * @see https://developers.cloudflare.com/workers/runtime-apis/context/#waituntil
   */
  readonly backgroundMs: number;
  /** A cron run. Default 50,000: it ends before the next one begins. */
  readonly cronMs: number;
  /** A run of the janitor. Default 50,000. */
  readonly janitorMs: number;
}

const defaultBudgets: TimeBudgets = { backgroundMs: 25_000, cronMs: 50_000, janitorMs: 50_000 };

export interface EngineOptions {
  /** The events that are published and understood. */
  readonly catalog: Catalog;
  /** Who reacts to them; default: nobody. */
  readonly consumers?: readonly Consumer[];
  /** What time starts; default: nothing. */
  readonly jobs?: readonly ScheduledJob[];
  readonly settings: EngineSettings;
  /** Conditions that raise alerts, beside those of the engine. Default: none. */
  readonly watches?: readonly AlertWatch[];
  /**
   * What the database must have beside the engine's own tables: while one is missing, health says so and no event is
   * tried. Default: nothing.
   */
  readonly migrations?: readonly MigrationSet[];
  /** Where events go that are older than `settings.retention.eventsDays`. Default: they stay in the record. */
  readonly archive?: Archive | null;
  /** Where log lines go; default: the console. */
  readonly sink?: LogSink;
  /** Default: the clock of the machine. */
  readonly now?: Clock;
  /** When the program that fires cron began, Unix ms; left out where none has to run for it, as on Cloudflare. */
  readonly hostStartedMs?: number | null;
  readonly budgets?: Partial<TimeBudgets>;
  /** What handlers call the outside with, `fetch` of their context; for tests. Default: `callOutside`. */
  readonly fetch?: CallOutside;
  /**
   * Told of each try that failed and of each dead letter, e.g. to report it where people look. What it throws is logged.
   * Default: the log has them.
   */
  readonly onFailure?: (failure: DeliveryFailure) => void;
}

/**
 * Starts another invocation (a Worker's call to itself, a promise of its own elsewhere), whose host calls
 * `engine.wake(null, …)`. Must not throw. Where it is left out, the next cron run goes on.
 */
export type HandOn = () => void;

/** What an isolate keeps, and what its host calls. It holds no connection and does nothing by itself. */
export interface Engine {
  readonly settings: EngineSettings;
  readonly catalog: Catalog;
  /** By subscriber. */
  readonly consumers: ReadonlyMap<string, Consumer>;
  /** By name. */
  readonly jobs: ReadonlyMap<string, ScheduledJob>;
  readonly log: Logger;
  readonly now: Clock;
  /**
   * Opens what one invocation of the host works with. Cheap: nothing is connected before it is used. One for each
   * request, wake or cron run, for it counts the calls that the host allows.
   */
  open(): Invocation;
  /**
   * Runs `run` in one Postgres transaction; what is given to `publish` commits with it, and nothing does when it throws.
   * Call `afterCommit` behind it; without that, the events wait for the next cron run.
   *
   * @param invocation the one of this request; left out: one of its own. With the database of a tenant
   *   (`{ ...open, db: open.db.ofTenant(id) }`) nothing but its rows is seen and taken, and the events are its own
   * @throws whatever `run` throws
   * @throws {TransientError} Postgres is not reachable
   */
  transact<T>(
    context: PublishContext,
    run: (tx: Tx, publish: Publish) => Promise<T>,
    invocation?: Invocation,
  ): Promise<T>;
  /**
   * Sends what was recorded, and has the consumers handle it. To be given to the host to keep: `waitUntil` on Workers.
   * Never rejects because of a service that is away; the events wait in the record.
   *
   * @param options.wake starts the consumers in another invocation, with a budget of its own; left out: they run here
   * @param options.invocation the one of this request; left out: one of its own
   */
  afterCommit(options?: { readonly wake?: Wake; readonly invocation?: Invocation }): Promise<void>;
  /**
   * What a wake starts: drains the consumers for whom there is news, and relays what their handlers publish, until
   * nothing moves.
   *
   * @param news null: an earlier invocation could not finish; relay and drain everything
   */
  wake(news: News | null, handOn?: HandOn): Promise<void>;
  /** Runs the jobs of these names, because a request has planned something that is due now. */
  runJobs(names: readonly string[], handOn?: HandOn): Promise<void>;
  /** To be called every minute: does what lost triggers left behind, and what has become due. */
  cron(handOn?: HandOn): Promise<void>;
  /**
   * To be called every hour: compares record and streams, trims, deletes and archives what is old.
   *
   * @param handOn called when it found something lost; left out: that is sent and handled here
   */
  janitor(handOn?: HandOn): Promise<void>;
}

/**
 * Builds the engine of a program: its events, who reacts to them, and where it runs. Build it once in each isolate; it
 * opens what it needs anew for each request, wake and cron run.
 *
 * A Worker gets its environment with the first event, and the environment of an isolate does not change:
 *
 * ```ts
 * let isolateEngine: Engine | undefined;
 * const engineOf = (env: Env) =>
 *   (isolateEngine ??= createEngine({ catalog, consumers: [stock], settings: parseEngineSettings(env) }));
 *
 * export default {
 *   async fetch(request, env, context) {
 *     const engine = engineOf(env);
 *     const order = await engine.transact({ source: "shop" }, async (tx, publish) => {
 *       const placed = await placeOrder(tx, await request.json());
 *       await publish(orderPlaced, { order_id: placed.id });
 *       return placed;
 *     });
 *     context.waitUntil(engine.afterCommit());
 *     return Response.json(order, { status: 201 });
 *   },
 *   // Cron triggers: "* * * * *" and, for the janitor, "17 * * * *".
 *   scheduled(event, env, context) {
 *     const engine = engineOf(env);
 *     context.waitUntil(event.cron === janitorCron ? engine.janitor() : engine.cron());
 *   },
 * } satisfies ExportedHandler<Env>;
 * ```
 *
 * Deno has it at the start, and keeps the process by itself:
 *
 * ```ts
 * const engine = createEngine({
 *   catalog,
 *   consumers: [stock],
 *   settings: parseEngineSettings(Deno.env.toObject(), { others: ["PORT"] }),
 *   hostStartedMs: Date.now(),
 * });
 * Deno.cron("tick", "* * * * *", () => engine.cron());
 * Deno.cron("janitor", janitorCron, () => engine.janitor());
 * ```
 *
 * Consumers that need more than one invocation allows run in a Worker of their own: give `afterCommit` a `wake` that
 * calls it, have it call `engine.wake`, and give that a `handOn` that calls the Worker itself.
 *
 * @throws {TypeError} an option is not what it should be
 * @throws {ConfigError} a setting that was written by hand cannot be
 * @throws {Error} two consumers, or two jobs, share a name; a consumer handles an event that the catalogue does not have
 */
export function createEngine(options: EngineOptions): Engine {
  requireOptions(options);
  const { catalog, settings, now = systemClock } = options;
  const consumers = registerConsumers(catalog, options.consumers ?? []);
  const vault = createVault(settings.secretsKeys ?? { current: null, previous: null });
  const rotation = rewrapSecrets("subject_keys", vault, [
    { table: "subject_keys", id: "key_id", column: "sealed_key", type: "text" },
  ]);
  const jobs = registerJobs([...(options.jobs ?? []), ...(vault.isRotating ? [rotation] : [])]);
  const sink: LogSink = options.sink ?? ((level, line) => console[level](line));
  const log = createLogger(sink, settings.logLevel, now);
  tellOfSettings(settings, catalog, log);
  const open = prepareInvocations({ ...options, catalog, settings, consumers, jobs, vault, log, now });

  return {
    settings,
    catalog,
    consumers,
    jobs,
    log,
    now,
    open,
    async transact(context, run, invocation = open()) {
      const record = (events: readonly RecordedEvent[]) => beginRecording(invocation, events);
      // Nobody waits for Redis. On Workers it goes on as long as the request, with what `afterCommit` does then.
      void markActivity(invocation);
      const { db } = invocation;
      const bound = { ...context, tenant_id: context.tenant_id ?? db.tenantId };
      return transactAndPublish(db, invocation.publish, bound, run, record);
    },
    ...backgroundWork(open, now, { ...defaultBudgets, ...options.budgets }),
  };
}

type BackgroundWork = Pick<Engine, "afterCommit" | "wake" | "runJobs" | "cron" | "janitor">;

/** What goes on behind an answer or without a request. */
function backgroundWork(open: () => Invocation, now: Clock, budgets: TimeBudgets): BackgroundWork {
  /** Relays and drains everything; null says that an earlier one could not finish. */
  const drainIn = async (invocation: StreamInvocation, news: News | null, handOn: HandOn) => {
    const deadlineMs = now() + budgets.backgroundMs;
    if (news === null) await relayAll(invocation, deadlineMs, (more) => more === null && handOn());
    await drainAll(invocation, deadlineMs, news, handOn);
    // Behind the drains: by then the relay has noted what it sent.
    await runJobsOnNews(invocation, deadlineMs, handOn);
  };
  /** Spans are sent when the work is over, however it ended. */
  const withTraces = async (work: (invocation: Invocation) => Promise<void>, invocation = open()) => {
    try {
      await work(invocation);
    } finally {
      await invocation.tracer?.flush();
    }
  };
  /** Without a stream events wait in the record, and there is nothing to do. */
  const withStream = (work: (invocation: StreamInvocation) => Promise<void>, invocation = open()) =>
    withTraces(async (opened) => {
      if (hasStream(opened)) await work(opened);
    }, invocation);
  return {
    afterCommit: ({ wake, invocation } = {}) =>
      withStream(async (stream) => {
        const deadlineMs = now() + budgets.backgroundMs;
        const drains: Promise<void>[] = [];
        const drainHere: Wake = (news) => {
          if (news === null) return;
          drains.push(drainAll(stream, deadlineMs, news));
        };
        await relayAll(stream, deadlineMs, wake ?? drainHere);
        await Promise.all(drains);
        if (drains.length > 0) await runJobsOnNews(stream, deadlineMs, leave);
      }, invocation),
    wake: (news, handOn = leave) => withStream((stream) => drainIn(stream, news, handOn)),
    // Without a stream, too: jobs work on the database.
    runJobs: (names, handOn = leave) =>
      withTraces((invocation) => runJobsNow(invocation, now() + budgets.backgroundMs, names, handOn)),
    cron: (handOn = leave) =>
      withStream(async (stream) => {
        const span = stream.tracer?.begin("cron tick", { kind: "internal" });
        try {
          await cronTick(stream, now() + budgets.cronMs, handOn);
        } finally {
          span?.end();
        }
      }),
    janitor: (handOn) =>
      withTraces(async (invocation) => {
        const { restored, redelivered } = await runJanitor(invocation, now() + budgets.janitorMs);
        if (restored + redelivered === 0) return;
        if (handOn !== undefined) handOn();
        else if (hasStream(invocation)) await drainIn(invocation, null, leave);
      }),
  };
}

/** @throws {TypeError} an option is not what it should be @throws {ConfigError} a setting */
function requireOptions(options: unknown): void {
  requireFitting(isObject(options), "createEngine: what it was given", options, "{ catalog, settings, … }");
  const { catalog, settings, migrations = [] } = options as Readonly<Record<string, unknown>>;
  const isCatalog = isObject(catalog) && typeof catalog.canonicalType === "function";
  requireFitting(isCatalog, "createEngine: catalog", catalog, "what createCatalog makes");
  requireFitting(isObject(settings), "createEngine: settings", settings, "what parseEngineSettings makes");
  requireSettings(settings);
  requireList(migrations, "createEngine: migrations", "a set of migrations", isObject);
}

/** What is left is for the next cron run. */
function leave(): void {}

function tellOfSettings(
  { mode, redis, secretsKeys, unknown = [] }: EngineSettings,
  catalog: Catalog,
  log: Logger,
): void {
  if (redis === null) {
    log.warn(
      { mode },
      "DEGRADED: no event stream is configured. Events wait in the record and reach no consumer.",
    );
  }
  const isSealed = (secretsKeys?.current ?? null) !== null;
  const personal = isSealed ? [] : catalog.all.filter((definition) => definition.personal.length > 0);
  if (personal.length > 0) {
    log.warn(
      { event_types: personal.map(({ type }) => type).join(", ") },
      "Personal fields of events are stored in clear, and nobody can be erased: BRAIN_SECRETS_KEY is not set. Make a key with `openssl rand -base64 32`; what is stored until then stays as it is.",
    );
  }
  for (const setting of unknown) log.warn({ setting: setting.name }, describeUnknownSetting(setting));
}
