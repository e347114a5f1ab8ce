import { type Work, watchWork } from "../alerts/failing-work.ts";
import { describeError, errorClass } from "../consume/dead-letters.ts";
import { TransientError } from "../core/errors.ts";
import { hasStream, type Invocation, type StreamInvocation } from "../invocation.ts";
import type { RedisDatabases } from "../stream/databases.ts";
import { removeLeftGroups } from "../stream/move-group.ts";
import { type ArchiveReport, archiveDays } from "./archive-days.ts";
import { countTenantRows } from "./count-rows.ts";
import { type PurgeReport, purge } from "./purge.ts";
import { mayReconcile, type ReconcileReport, reconcileShard } from "./reconcile.ts";
import { redeliveredBy } from "./redelivered.ts";
import type { SealReport } from "./seal-days.ts";
import { callsOfAPage, shardsInUse, type TrimReport, trimShard } from "./trim.ts";

/*
 * What has to be done now and then: compare record and stream, trim the streams, delete what is too old, archive days.
 * Each part has a share of the time and fails alone; what is left is done by the next run.
 */

/** What a part did, or why it could not. */
export type Part<T> =
  | { readonly result: T; readonly error: null }
  | { readonly result: null; readonly error: string };

export interface JanitorReport {
  /** Another janitor is at work; nothing was done. */
  readonly busy: boolean;
  /** Null without a stream. */
  readonly reconcile: Part<readonly ReconcileReport[]> | null;
  readonly trim: Part<readonly TrimReport[]> | null;
  readonly purge: Part<PurgeReport> | null;
  readonly seal: Part<SealReport> | null;
  readonly archive: Part<ArchiveReport> | null;
  /** Events that are to be sent again: run the relay. */
  readonly restored: number;
  /** Events that are to be delivered again to one consumer: run the drains. */
  readonly redelivered: number;
  readonly tookMs: number;
}

/** Shares of what is left of the time; the last part may use all of it. */
const shares = { reconcile: 0.3, trim: 0.4, purge: 0.4, seal: 0.5, archive: 1 };
const workOf = {
  reconcile: "comparison",
  trim: "janitor:trim",
  purge: "janitor:purge",
  seal: "janitor:seal",
  archive: "janitor:archive",
} as const satisfies Record<keyof typeof shares, Work>;
/** A janitor that was killed is succeeded this long after its time, ms. */
const leaseMarginMs = 30_000;
/** Calls kept for finishing what was begun. */
const callsToFinish = 8;

const releaseScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`;

/**
 * One run of the janitor. One at a time; a second one does nothing. Errors are logged and reported, not thrown.
 *
 * @param deadlineMs Unix time, ms, after which nothing new is begun
 */
export async function runJanitor(invocation: Invocation, deadlineMs: number): Promise<JanitorReport> {
  const { now, log } = invocation;
  // Without a stream there is nothing to compare and to trim; the record is kept small all the same.
  const stream = hasStream(invocation) ? invocation : null;
  const startMs = now();
  const token = crypto.randomUUID();
  if (stream !== null && !(await takeLease(stream, token, deadlineMs - startMs)))
    return { ...idle, busy: true, tookMs: now() - startMs };
  const parts = await runParts(invocation, stream, deadlineMs);
  if (stream !== null) await releaseLease(stream, token);
  const [reconciled, trimmed] = [parts.reconcile?.result ?? [], parts.trim?.result ?? []];
  const restored = [...reconciled, ...trimmed].reduce((sum, shard) => sum + shard.restored, 0);
  const redelivered = reconciled.reduce((sum, shard) => sum + redeliveredBy(shard), 0);
  const tookMs = now() - startMs;
  log.info(
    {
      restored,
      redelivered,
      trimmed: trimmed.reduce((sum, shard) => sum + shard.trimmed, 0),
      archived_days: parts.archive?.result?.days.filter((day) => day.archived).length,
      took_ms: tookMs,
    },
    "The janitor was here.",
  );
  return { ...parts, busy: false, restored, redelivered, tookMs };
}

type Parts = Pick<JanitorReport, keyof typeof shares>;

const idle: Omit<JanitorReport, "busy" | "tookMs"> = {
  reconcile: null,
  trim: null,
  purge: null,
  seal: null,
  archive: null,
  restored: 0,
  redelivered: 0,
};

/** @returns false: another janitor is at work */
async function takeLease(stream: StreamInvocation, token: string, limitMs: number): Promise<boolean> {
  const leaseMs = String(Math.max(0, limitMs) + leaseMarginMs);
  const taken = await attempt(stream, "lease", () =>
    stream.redis.command(["SET", stream.keys.janitor(), token, "NX", "PX", leaseMs]),
  );
  // Without Redis there is no lease, and the parts that need none still run: two at once are harmless.
  return taken.error !== null || taken.result === "OK";
}

/** Lets go of the lease, and notes when the janitor was here. */
async function releaseLease(stream: StreamInvocation, token: string): Promise<void> {
  const { redis, keys, now } = stream;
  await attempt(stream, "release", () => redis.eval(releaseScript, [keys.janitor()], [token]));
  const visit = JSON.stringify({ at: new Date(now()).toISOString() });
  await attempt(stream, "note", () => redis.command(["HSET", keys.heartbeats(), "janitor", visit]));
}

async function runParts(
  invocation: Invocation,
  stream: StreamInvocation | null,
  deadlineMs: number,
): Promise<Parts> {
  const { now } = invocation;
  const part = async <T>(
    name: keyof Parts,
    work: (mayGoOn: () => boolean, untilMs: number) => Promise<T>,
  ) => {
    const untilMs = now() + Math.max(0, deadlineMs - now()) * shares[name];
    const run = () => work(() => mayBegin(invocation, untilMs, callsToFinish), untilMs);
    // It comes once an hour, so a look at what failed before costs nothing that counts.
    const watched = () => watchWork(invocation, workOf[name], run, () => true);
    // The comparison is watched wherever it is called from.
    return attempt(invocation, name, name === "reconcile" ? run : watched);
  };
  const reconcile = stream && (await part("reconcile", (_, untilMs) => reconcileAll(stream, untilMs)));
  const trim = stream && (await part("trim", (_, untilMs) => trimAll(stream, untilMs)));
  const purged = await part("purge", async (mayGoOn) => {
    const report = await purge(invocation, mayGoOn);
    await countTenantRows(invocation, mayGoOn);
    return report;
  });
  // First, so that no day goes to the archive before it is sealed.
  const seal = await part("seal", async (mayGoOn) =>
    (await import("./seal-days.ts")).sealDays(invocation, mayGoOn),
  );
  const archive = await part("archive", (mayGoOn) => archiveDays(invocation, mayGoOn));
  return { reconcile, trim, purge: purged, seal, archive };
}

/**
 * Compares all shards with the record, and makes unsent again what was lost.
 *
 * @throws {TransientError} Redis or Postgres is not reachable
 */
export async function reconcileAll(
  invocation: StreamInvocation,
  deadlineMs: number,
): Promise<ReconcileReport[]> {
  const compare = async () =>
    eachShard(invocation, await shardsInUse(invocation), (shard) =>
      reconcileShard(invocation, shard, () => mayReconcile(invocation, deadlineMs)),
    );
  return watchWork(invocation, "comparison", compare, () => true);
}

/**
 * Works on one shard after the other. One that fails stops no other, unless its Redis database is away; what was thrown is
 * thrown behind the last.
 */
async function eachShard<T>(
  { databases }: StreamInvocation,
  shards: readonly number[],
  work: (shard: number) => Promise<T>,
): Promise<T[]> {
  const done: T[] = [];
  const failures: unknown[] = [];
  const away = new Set<number>();
  for (const shard of shards) {
    if (away.has(databases.numberOf(shard))) continue;
    try {
      done.push(await work(shard));
    } catch (error) {
      failures.push(error);
      if (error instanceof TransientError) away.add(databases.numberOf(shard));
    }
  }
  if (failures.length > 0) throw failures[0];
  return done;
}

async function trimAll(invocation: StreamInvocation, deadlineMs: number): Promise<TrimReport[]> {
  const { databases, keys, log } = invocation;
  return eachShard(invocation, await shardsInUse(invocation), async (shard) => {
    // Once for each database, with the first of its shards.
    const left = isFirstOf(databases, shard) ? await removeLeftGroups(databases.of(shard), keys) : [];
    for (const group of left) {
      log.info({ group }, "A group that goes on under another name was removed.");
    }
    return trimShard(invocation, shard, () => mayBegin(invocation, deadlineMs, callsOfAPage));
  });
}

function isFirstOf(databases: RedisDatabases, shard: number): boolean {
  for (let before = 0; before < shard; before += 1) {
    if (databases.numberOf(before) === databases.numberOf(shard)) return false;
  }
  return true;
}

function mayBegin({ now, meter }: Invocation, deadlineMs: number, calls: number): boolean {
  return now() < deadlineMs && !meter.isNear(calls);
}

async function attempt<T>({ log }: Invocation, name: string, work: () => Promise<T>): Promise<Part<T>> {
  try {
    return { result: await work(), error: null };
  } catch (error) {
    const message = describeError(error);
    log.error({ part: name, error_class: errorClass(error) }, `The janitor's ${name} failed: ${message}`);
    return { result: null, error: message };
  }
}
