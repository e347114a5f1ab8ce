import type { MessageId } from "@brain/schemas";
import type { SQL } from "drizzle-orm";
import { v4 as uuidv4 } from "uuid";
import { findLoss, type KnownStream } from "../stream/append.ts";
import { fanOut } from "./fan-out.ts";
import type { Handed, RelayPlace, Riding } from "./handed.ts";
import type { Layout } from "./layout-sql.ts";
import { knownSql, requeueLostSql } from "./lost-sql.ts";
import type { RelayDeps } from "./relay-deps.ts";
import {
  type Asking,
  type BareRow,
  type BatchBounds,
  type Begun,
  beginSql,
  endSql,
  type LoadedRow,
  loadSql,
  nextSql,
  releaseIfIdleSql,
  releaseSql,
  type SentBatch,
} from "./relay-sql.ts";
import { type Batch, type Sent, sendBatch, targetOf, toBatch } from "./send-batch.ts";
import { requireRecorded } from "./shard-databases.ts";
import { traced } from "./traced.ts";
import { restoreTrimmedByOthers } from "./trimmed-by-others.ts";

/*
 * The relay copies unsent rows of the record to the stream, one lease per shard:
 *
 *   acquire → take (choose rows, store them with a number) → append (one script) → mark sent → take … → release
 *
 * The batch in flight is stored before it is sent and cleared in the transaction that marks its rows. The script gives
 * the ids and notes the number beside the stream. Whatever dies in between, the next holder finds the batch and sends it
 * again under its number; if it stands there, Redis answers with the ids that it gave. A relay that comes late finds a
 * greater number and appends nothing. Numbers are never used twice, and each batch says which one must be the last.
 *
 * Rows get their shard when they are taken: their slot modulo the number of shards in use. While that number changes
 * nothing is taken, see `reshard`; a batch in flight is finished.
 *
 * The record outlives the stream: when Redis comes back without entries that were sent, they become unsent again.
 */

export interface RelayResult {
  readonly sent: number;
  readonly batches: number;
  /** Batches that Redis had already, after a lost reply or a killed relay. */
  readonly repeated: number;
  /** Events that Redis had lost and that were sent, or wait to be sent, again. */
  readonly restored: number;
  /** Events on the stream of which listeners and the daily log were not told; always 0 without the fan-out. */
  readonly untold: number;
  /** Another relay holds the lease. `waitMs` until it ends, for the one that left the mark first; else null. */
  readonly busy: { readonly waitMs: number | null } | null;
  /** Time or calls were used up before everything was sent. */
  readonly more: boolean;
  /** As it was when the run began. */
  readonly layout: Layout;
  /** The relay had failed the last time, and this run is a success. */
  readonly recovered: boolean;
}

export interface RelayOptions {
  readonly shard: number;
  /** False when time or calls are used up: no new batch is begun. */
  readonly mayGoOn: () => boolean;
  /** Looks whether the stream is whole even when there is nothing to send; for cron. */
  readonly verify?: boolean;
  /** Called after each batch is in the stream, with the event types it held; starts the consumers early. */
  readonly onSent?: (types: ReadonlySet<string>) => void;
  /**
   * Called between two batches when nothing more is known to be unsent; comes back when more is, or after a rest in
   * which more would come if events went on coming as they do. What was sent is noted behind it. Left out: no rest.
   */
  readonly rest?: (riding: () => Riding) => Promise<void>;
  /** Told when the record was set back, to a backup that knew the stream up to this id. */
  readonly onSetBack?: (known: string) => Promise<unknown>;
  /** Where commits of this isolate leave what they took; left out: none does. */
  readonly place?: RelayPlace;
}

/** One run: who it is, and what it did. */
interface Run {
  readonly deps: RelayDeps;
  readonly options: RelayOptions;
  readonly token: string;
  /** Another program trims this stream: that the last entry we know of is gone means nothing. */
  isTrimmedByOthers: boolean;
  readonly total: {
    sent: number;
    batches: number;
    repeated: number;
    restored: number;
    untold: number;
  };
}

/**
 * Sends what is unsent on one shard. Safe to run anywhere and any number of times at once.
 *
 * @throws {TransientError} Postgres or Redis is not reachable; the events wait in the record
 */
export async function relay(deps: RelayDeps, options: RelayOptions): Promise<RelayResult> {
  const total = { sent: 0, batches: 0, repeated: 0, restored: 0, untold: 0 };
  const handed = options.place?.begin() ?? null;
  const run: Run = { deps, options, token: handed?.token ?? uuidv4(), isTrimmedByOthers: false, total };
  let failed = true;
  try {
    const first = handed === null ? await acquire(run) : await takeOver(run, handed);
    const { layout } = first;
    if (first.busy !== null) {
      failed = false;
      return { ...total, busy: first.busy, more: false, layout, recovered: false };
    }
    try {
      const more = first.held && (await sendAll(run, first.batch));
      failed = false;
      return { ...total, busy: null, more, layout, recovered: first.wasFailing };
    } catch (error) {
      await letGo(run);
      throw error;
    }
  } finally {
    options.place?.end(failed);
  }
}

interface Acquired {
  readonly batch: Batch | null;
  /** The lease is ours. Not so when there was nothing to send: it was let go at once. */
  readonly held: boolean;
  readonly busy: RelayResult["busy"];
  readonly layout: Layout;
  readonly wasFailing: boolean;
}

/** Takes the lease and the next batch, in one round trip. */
async function acquire(run: Run): Promise<Acquired> {
  const { deps, options, token } = run;
  const { shard, verify } = options;
  const bounds = { ...deps.settings, configured: deps.publish.shards, keeps: verify === true };
  return toAcquired(await askWithState<Begun>(run, beginSql(shard, token, bounds, asking(run))));
}

/** Goes on with what a commit took. Its lease is ours, so it is let go when the batch cannot be read. */
async function takeOver(run: Run, handed: Handed): Promise<Acquired> {
  try {
    return toAcquired(await readHanded(run, handed));
  } catch (error) {
    await letGo(run);
    throw error;
  }
}

/** The relay asks by itself. */
function asking({ deps }: Run): Asking {
  return { inHand: deps.inHand?.transactions() ?? [], rides: false };
}

function toAcquired(answer: Answer<Begun>): Acquired {
  const { acquired, held, free_in_ms, first_mark, shards, target, was_failing } = answer.state;
  const waitMs = first_mark ? Math.max(0, free_in_ms) : null;
  return {
    batch: answer.batch,
    held,
    busy: acquired ? null : { waitMs },
    layout: { shards, target },
    wasFailing: acquired && was_failing,
  };
}

interface Answer<State> {
  readonly state: State;
  readonly batch: Batch | null;
}

/** What a commit took, under the token of this run. */
async function readHanded({ deps, options }: Run, { token, state, rows }: Handed): Promise<Answer<Begun>> {
  const whole = rows ?? (await deps.db.rows<LoadedRow>(loadSql(options.shard, token)));
  const layout = { shards: deps.publish.shards, target: null, free_in_ms: 0, first_mark: false };
  return {
    state: { ...layout, was_failing: false, ...state, acquired: true, held: true },
    batch: toBatch(whole),
  };
}

/** The rows of a batch, and what stands in the row behind them. */
async function askWithState<State>({ deps, options, token }: Run, statement: SQL): Promise<Answer<State>> {
  const rows = await deps.db.rows<BareRow>(statement);
  const last = rows.pop();
  const state = JSON.parse(last?.head ?? "{}") as State;
  const filled = deps.inHand === undefined ? (rows as LoadedRow[]) : deps.inHand.fill(rows);
  // Part of it went elsewhere meanwhile.
  const whole = filled ?? (await deps.db.rows<LoadedRow>(loadSql(options.shard, token)));
  return { state, batch: toBatch(whole) };
}

/** @returns true when time or calls were used up before everything was sent */
async function sendAll(run: Run, first: Batch | null): Promise<boolean> {
  const { deps, options, token } = run;
  const { shard } = options;
  let batch = first;
  if (batch === null && options.verify === true && (await restoreIfLost(run)))
    ({ batch } = await acquire(run));
  for (;;) {
    if (batch === null) {
      const [released] = await deps.db.batch([releaseIfIdleSql(shard, token)]);
      if (isReleased(released)) return false;
      // Somebody left a mark, or has the lease by now.
      const next = await acquire(run);
      if (!next.held) return false;
      batch = next.batch;
      continue;
    }
    const sent = await sendOne(run, batch);
    const handed = sent === null || isFull(batch, deps.settings) ? null : await rest(run, sent);
    if (!options.mayGoOn()) {
      const end = sent === null ? [] : [endSql(shard, sent)];
      await deps.db.batch([...end, releaseSql(shard, token)]);
      return true;
    }
    const bounds = { ...deps.settings, fairly: isFull(batch, deps.settings) };
    const next: Answer<{ readonly held: boolean }> =
      handed === null
        ? await askWithState(run, nextSql(shard, token, sent, bounds, asking(run)))
        : await readHanded(run, handed);
    if (!next.state.held) return false;
    batch = next.batch;
  }
}

/** @returns what a commit took meanwhile */
async function rest({ options, token }: Run, sent: SentBatch): Promise<Handed | null> {
  const { rest: wait, place } = options;
  if (wait === undefined) return null;
  if (place !== undefined) return place.rest(token, sent, wait);
  await wait(() => "nobody");
  return null;
}

/** More is unsent than one batch holds, as far as its size tells. */
function isFull({ rows }: Batch, { maxCount, maxBytes }: BatchBounds): boolean {
  if (rows.length >= maxCount / 2) return true;
  let length = 0;
  for (const { payload, meta } of rows) length += payload.length + meta.length;
  return length >= maxBytes / 4;
}

/** @returns the batch, to be noted as sent; null when it was not */
async function sendOne(run: Run, batch: Batch): Promise<SentBatch | null> {
  const { deps, options, token, total } = run;
  const sending = {
    deps,
    shard: options.shard,
    token,
    trustsLastEntry: !run.isTrimmedByOthers,
    onSetBack: options.onSetBack,
  };
  const sent = await traced(deps, options.shard, batch, () => sendBatch(sending, batch));
  if (sent.kind === "overtaken") return null;
  if (sent.kind === "lost") {
    await requeue(run, sent);
    return null;
  }
  const { rows, head } = sent.batch;
  total.sent += rows.length;
  total.batches += 1;
  total.repeated += sent.repeated ? 1 : 0;
  options.onSent?.(new Set(rows.map((row) => row.type)));
  if (deps.settings.fanOut)
    total.untold += await fanOut({ ...deps, redis: deps.sharedRedis ?? deps.redis }, rows);
  return { number: head.number, first: sent.first, foreign: sent.foreign };
}

/** Up to here a stream is whole that lacks an entry which is known: nobody can tell more. */
const nothing = "0-0" as MessageId;

/** @returns true when Redis had lost entries, which are unsent again now */
async function restoreIfLost(run: Run): Promise<boolean> {
  const { deps, options } = run;
  const [known] = await deps.db.rows<KnownStream>(knownSql(options.shard));
  if (known === undefined) return false;
  const lost = await findLoss(deps.redis, targetOf(deps, options.shard), known);
  if (lost === null) return false;
  await requeue(run, lost);
  return true;
}

async function requeue(run: Run, { last, number }: Extract<Sent, { kind: "lost" }>): Promise<void> {
  const { deps, options, token, total } = run;
  await requireRecorded(deps, options.shard);
  if (last === nothing && !run.isTrimmedByOthers) {
    const trimmed = await restoreTrimmedByOthers(deps, options.shard);
    if (trimmed !== null) {
      run.isTrimmedByOthers = true;
      total.restored += trimmed.restored;
      return;
    }
  }
  const restored = await deps.db.rows(
    requeueLostSql(options.shard, token, last, number, deps.settings.restorableDays),
  );
  total.restored += restored.length;
  deps.log.error(
    { shard: options.shard, last_id: last, events: restored.length },
    "Redis lost entries that were sent before. They are sent again from the record; consumers know what they applied.",
  );
}

function isReleased(rows: unknown[] | undefined): boolean {
  return rows !== undefined && rows.length > 0;
}

/** The batch stays in flight for the next holder; the lease would only delay it. */
async function letGo({ deps, options, token }: Run): Promise<void> {
  try {
    await deps.db.batch([releaseSql(options.shard, token)]);
  } catch {
    deps.log.warn({ shard: options.shard }, "The relay's lease could not be given back; it ends by itself.");
  }
}
