import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { prepareDataDir } from "../../workers/local/data-dir.ts";
import { migrate } from "../../workers/local/migrate.ts";
import { closeServer, listenOnLoopback } from "../../workers/local/ports.ts";
import { createRedisConnection } from "../../workers/local/redis/connection.ts";
import { check, type Effect, type Letter, type Verdict } from "./checker.ts";
import { effectsTable } from "./consumers.ts";
import { fatesWith, followUps, planContent, subscribers, subscribersOf } from "./content.ts";
import { openRedisProxy } from "./doors.ts";
import { type Edge, startEdge } from "./edge.ts";
import type { TimedFault } from "./fault-plan.ts";
import { type Ledger, publishAll } from "./publisher.ts";
import { describeUnrest, waitUntilQuiet } from "./quiet.ts";
import { createRandom, type Random } from "./random.ts";
import { type Servers, startServers } from "./servers.ts";
import { callJanitor, type Site, startStorm } from "./storm.ts";
import { readTraces } from "./trace.ts";

/*
 * One run: servers, two workers side by side, a publisher, the faults; then peace, and the reckoning.
 */

export interface ChaosOptions {
  readonly seed: number;
  readonly events: number;
  readonly loadMs: number;
  readonly plan: readonly TimedFault[];
  /** Events that end every worker that tries them. */
  readonly poison: number;
  readonly shards: number;
  /** Time for everything to come to rest after the last fault, ms. */
  readonly quietLimitMs: number;
  readonly onProgress: (line: string) => void;
  /** Ends the run early; it stops what it started. */
  readonly signal: AbortSignal;
}

export interface ChaosResult {
  readonly verdict: Verdict;
  readonly ledger: Omit<Ledger, "events">;
  readonly accepted: number;
  readonly maybe: number;
  /** By kind. */
  readonly faults: ReadonlyMap<string, number>;
  /** From the end of load and faults, ms; null when it did not come to rest in time, and `unrest` tells why. */
  readonly quietAfterMs: number | null;
  readonly unrest: string | null;
  /** Events that have neither effect nor dead letter yet, at a consumer; 0 when it came to rest. */
  readonly unfinished: number;
  /** What the servers say about the unrest and the first violations. */
  readonly traces: readonly string[];
  /** Workers' logs; the folder is the caller's to remove. */
  readonly folder: string;
}

const apiKey = "chaos-key-0123456789abcdef";
const prefix = "chaos";
const lastLook = "janitor answered 200 in calm";
const agents = 500;
const edges = 2;

type Steps = (() => Promise<unknown>)[];

/** @throws {Error} the run itself failed: something did not start, an event was refused, it was ended early */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const steps: Steps = [];
  const folder = await prepareDataDir(await mkdtemp(join(tmpdir(), "brain-chaos-")));
  const stop = async () => {
    for (const step of steps.splice(0).toReversed()) await step().catch(() => undefined);
  };
  try {
    return await run(options, folder, steps);
  } catch (error) {
    await stop();
    await rm(folder, { recursive: true, force: true });
    throw error;
  } finally {
    await stop();
  }
}

async function run(options: ChaosOptions, folder: string, steps: Steps): Promise<ChaosResult> {
  const { seed, signal, onProgress } = options;
  const random = createRandom(seed);
  const servers = await startServers(folder);
  steps.push(servers.stop);
  await migrate(servers.databaseUrl);
  const db = new pg.Pool({ connectionString: servers.databaseUrl, max: 3 });
  db.on("error", () => undefined);
  steps.push(() => db.end());
  await db.query(effectsTable);
  const redis = createRedisConnection({ url: servers.redisUrl, commandTimeoutMs: 2_000 });
  steps.push(async () => redis.close());
  const counts = new Map<string, number>();
  const sites = await openSites(options, servers, random, folder, steps, counts);
  onProgress(`servers and ${sites.length} workers run; data in ${folder}`);

  const ticks = startTicks(sites.map(({ edge }) => edge));
  steps.push(async () => ticks.stop());
  const stream = `${prefix}:events:stream`;
  const storm = startStorm({ ...options, sites, servers, redis, stream, apiKey, random: random.fork() });
  // A server that does not come back would have the publisher try for ever.
  const broken = new AbortController();
  storm.done.catch((error: unknown) => broken.abort(error));
  const ledger = await publishAll({
    urls: sites.map(({ edge }) => edge.url) as [string, ...string[]],
    apiKey,
    lanes: planContent({ seed, events: options.events, agents, lanes: 24, poison: options.poison }),
    loadMs: options.loadMs,
    random: random.fork(),
    signal: AbortSignal.any([signal, broken.signal]),
  }).catch(async (error: unknown) => {
    if (broken.signal.aborted) await storm.done;
    throw error;
  });
  onProgress(`${ledger.events.length} events published in ${(ledger.tookMs / 1_000).toFixed(1)} s`);
  await storm.done;
  onProgress("the last fault is over; waiting until nothing moves");

  const calmMs = performance.now();
  const second = options.plan.some(({ fault }) => fault.kind === "release");
  // Brings what the first release passed over under the new name.
  for (let look = 0; second && look < 20 && storm.counts.get(lastLook) === undefined; look += 1) {
    await callJanitor({ apiKey, signal }, sites[0], (said) => storm.note(`${said} in calm`));
    await delay(500, undefined, { signal });
  }
  const groups = subscribersOf(second).map((subscriber) => `edge_${subscriber}`);
  const quietOptions = { db, redis, prefix, groups, timeoutMs: options.quietLimitMs };
  const ended = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const unrest = await Promise.race([ended, waitUntilQuiet(quietOptions)]).then(
    () => null,
    (error: unknown) => String(error),
  );
  signal.throwIfAborted();
  const unrestLines = unrest === null ? [] : await describeUnrest(quietOptions);
  const quietAfterMs = unrest === null ? performance.now() - calmMs : null;
  for (const [kind, count] of storm.counts) counts.set(kind, count);
  const published = [...ledger.events, ...storm.foreign].map((event) => ({
    ...event,
    fates: fatesWith(second, event.fates),
  }));
  const judged = check({
    published,
    effects: await readEffects(db),
    letters: await readLetters(db),
    followUps,
    // What a forced replay applies once more fails once more, too.
    sentAgain: [...counts.keys()].some((kind) =>
      /kill redis: (tail|all)-lost|flush redis|forced replay/.test(kind),
    ),
    forced: new Map([[subscribers.each, counts.get("operator: forced replay") ?? 0]]),
    unordered: new Set(second ? [subscribers.follow] : []),
  });
  // What is still under way is not lost.
  const violations = judged.violations.filter(({ kind }) => unrest === null || kind !== "lost");
  const verdict = { ...judged, violations };
  const { events, ...rest } = ledger;
  const accepted = events.filter(({ certainty }) => certainty === "accepted").length;
  return {
    verdict,
    ledger: rest,
    accepted,
    maybe: published.length - accepted,
    faults: counts,
    quietAfterMs,
    unrest,
    unfinished: judged.violations.length - violations.length,
    traces: [...unrestLines, ...(await readTraces(db, violations))],
    folder,
  };
}

async function openSites(
  { shards }: ChaosOptions,
  servers: Servers,
  random: Random,
  folder: string,
  steps: Steps,
  counts: Map<string, number>,
): Promise<Site[]> {
  const started: (Edge | undefined)[] = [];
  const control = await startControl(started, counts);
  steps.push(control.close);
  const site = async (number: number): Promise<Site> => {
    const token = `chaos-token-${number}`;
    const access = await servers.openAccess(token);
    const proxy = await openRedisProxy(access.upstashUrl, random.fork());
    steps.push(proxy.close);
    const edge = await startEdge(
      {
        UPSTASH_REDIS_REST_URL: proxy.url,
        UPSTASH_REDIS_REST_TOKEN: token,
        NEON_DATABASE_URL: access.neonUrl,
        BRAIN_API_KEY: apiKey,
        BRAIN_REDIS_PREFIX: prefix,
        BRAIN_SHARDS: String(shards),
        BRAIN_LEASE_MS: "1000",
        // So that the janitor really trims what everybody has handled.
        BRAIN_STREAM_KEEP: "50",
        BRAIN_LOG_LEVEL: "warn",
        CHAOS_CONTROL: `${control.url}/kill?edge=${number}`,
        CHAOS_SLOW_MS: "3",
      },
      join(folder, `worker-${number}.log`),
    );
    steps.push(edge.stop);
    started[number] = edge;
    return { edge, access, proxy };
  };
  return Promise.all(Array.from({ length: edges }, (_, number) => site(number)));
}

/** Where a handler asks that its own worker be killed. The same event kills once, unless it says always. */
async function startControl(workers: readonly (Edge | undefined)[], counts: Map<string, number>) {
  const killed = new Set<string>();
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? "/", "http://control").searchParams;
    const event = query.get("event") ?? "";
    const how = query.get("how") ?? "once";
    const edge = workers[Number(query.get("edge"))];
    request.resume();
    if (edge === undefined || (how === "once" && killed.has(event))) return response.writeHead(204).end();
    killed.add(event);
    const kind = `worker killed by its own handler (${how})`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    edge.crash().catch(() => undefined);
    return response.writeHead(202).end();
  });
  const port = await listenOnLoopback(server, 0);
  return { url: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
}

const tickEveryMs = 500;

/** Cron on the workers in turn, far more often than in life; a tick that fails is followed by the next. */
function startTicks(workers: readonly Edge[]): { stop(): void } {
  let turn = 0;
  const timer = setInterval(() => {
    workers[turn % workers.length]?.tick().catch(() => undefined);
    turn += 1;
  }, tickEveryMs);
  return { stop: () => clearInterval(timer) };
}

async function readEffects(db: pg.Pool): Promise<Effect[]> {
  const { rows } = await db.query<Effect>(
    "SELECT subscriber, of, key, number, previous, replayed FROM chaos_effects ORDER BY place",
  );
  return rows;
}

async function readLetters(db: pg.Pool): Promise<Letter[]> {
  const { rows } = await db.query<Letter>(
    'SELECT subscriber_name AS subscriber, event_id AS "eventId", reason FROM dead_letters ORDER BY id',
  );
  return rows;
}
