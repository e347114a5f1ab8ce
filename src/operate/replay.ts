import { type SQL, sql } from "drizzle-orm";
import type { Consumer } from "../consume/define-consumer.ts";
import { ConflictError, ValidationError } from "../core/errors.ts";
import type { Tx } from "../db/database.ts";
import type { StreamKeys } from "../stream/keys.ts";
import type { Invocation } from "./invocation.ts";
import { assertNameIsFree, insertJob, jobOfKey, lockJobs, markJobsRunning } from "./job-store.ts";
import { isoText } from "./job-view.ts";
import { type Operator, recordAction } from "./operator-actions.ts";
import { type Queued, releaseLetters } from "./redrive.ts";

/*
 * Replay: events of the record go to one consumer again. Its set is what the record holds when it starts; rows in
 * `deliveries` without a body are inserted inside Postgres, so a replay of a million events moves none of them through a
 * worker.
 *
 * `only_missing` brings what was never applied: an event with a claim is passed over, and the claim guards once more
 * when it is handled. `force` applies everything once more: an event with a claim gets one under a new epoch; one
 * without is brought under the ordinary epoch, so that the stream cannot apply it a second time.
 */

export type ReplayMode = "only_missing" | "force";

/** Which events of the record. Times bound `stored_at`, from inclusive, to exclusive. */
export interface ReplayFilter {
  /** Null: whatever the consumer handles. */
  readonly types: readonly string[] | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly tenant_id: string | null;
  readonly correlation_id: string | null;
}

export interface ReplayOptions {
  readonly name: string;
  readonly mode: ReplayMode;
  readonly filter: ReplayFilter;
  readonly ratePerSecond: number | null;
  readonly maxStep: number;
  readonly stopRatio: number | null;
  readonly reason: string | null;
  /** True: events older than the claims are brought all the same. */
  readonly acceptDuplicates: boolean;
  readonly idempotencyKey: string | null;
}

/** What a replay would do. */
export interface ReplayPreview {
  /** Events in the set. */
  readonly count: number;
  /** Of them, applied by the consumer before. */
  readonly already_applied: number;
  /** `stored_at` of the first and the last; null when there are none. */
  readonly oldest: string | null;
  readonly newest: string | null;
}

/** Events handed over at once. */
export const replayStep = 500;
/** Events looked at in one step, at most; those that are not needed cost little. */
const scanLimit = 5_000;
const dayMs = 86_400_000;

/** The filter with the types that the consumer handles. A type that it does not handle is most likely a typing error. */
function narrowed(consumer: Consumer, filter: ReplayFilter): ReplayFilter {
  if (consumer.any !== null) return filter;
  const handled = [...consumer.byType.keys()];
  const strange = (filter.types ?? []).filter((type) => !consumer.byType.has(type));
  if (strange.length > 0) {
    throw new ValidationError(`"${consumer.subscriber}" does not handle ${strange.join(", ")}.`, {
      issues: [{ path: "types", message: `expected some of: ${handled.join(", ")}` }],
    });
  }
  return { ...filter, types: filter.types ?? handled };
}

/** The filter as a condition on `events e`; what was not sent yet comes by itself. */
function eventCondition(filter: ReplayFilter, untilPosition: string | null): SQL {
  const conditions: SQL[] = [sql`e.sent_at IS NOT NULL`];
  if (untilPosition !== null) conditions.push(sql`e.position <= ${untilPosition}::bigint`);
  if (filter.types !== null) conditions.push(sql`e.type = ANY(${sql.param([...filter.types])}::text[])`);
  if (filter.from !== null) conditions.push(sql`e.stored_at >= ${filter.from}::timestamptz`);
  if (filter.to !== null) conditions.push(sql`e.stored_at < ${filter.to}::timestamptz`);
  if (filter.tenant_id !== null) conditions.push(sql`e.tenant_id = ${filter.tenant_id}`);
  if (filter.correlation_id !== null) conditions.push(sql`e.correlation_id = ${filter.correlation_id}`);
  return sql.join(conditions, sql` AND `);
}

/** True when the subscriber has a claim, of any epoch, for the event in columns `id` and `stream_message_id` of `e`. */
function hasClaim(subscriber: string): SQL {
  return sql`(EXISTS (SELECT FROM processed_events p
      WHERE p.subscriber_name = ${subscriber} AND p.event_id = e.id::text)
    OR EXISTS (SELECT FROM processed_events p
      WHERE p.subscriber_name = ${subscriber} AND p.stream_message_id = e.stream_message_id))`;
}

/** @throws {ValidationError} a type that the consumer does not handle */
export async function previewReplay(
  { db }: Pick<Invocation, "db">,
  consumer: Consumer,
  filter: ReplayFilter,
): Promise<ReplayPreview> {
  const [row] = await db.rows<ReplayPreview>(sql`
    SELECT count(*)::integer AS count,
      (count(*) FILTER (WHERE ${hasClaim(consumer.subscriber)}))::integer AS already_applied,
      ${isoText(sql`min(e.stored_at)`)} AS oldest, ${isoText(sql`max(e.stored_at)`)} AS newest
    FROM events e WHERE ${eventCondition(narrowed(consumer, filter), null)}`);
  return row ?? { count: 0, already_applied: 0, oldest: null, newest: null };
}

/**
 * Starts a replay.
 *
 * @returns the job's id; that of the first start when `idempotencyKey` was used before
 * @throws {ValidationError} a type that the consumer does not handle
 * @throws {ConflictError} the name is taken, or the set reaches further back than the claims
 * @throws {TransientError} Postgres or Redis is not reachable; nothing was started
 */
export async function startReplay(
  invocation: Invocation,
  consumer: Consumer,
  options: ReplayOptions,
  by: Operator,
): Promise<string> {
  const filter = narrowed(consumer, options.filter);
  await markJobsRunning(invocation);
  const id = await invocation.db.transaction(async (tx) => {
    await lockJobs(tx);
    const earlier = await jobOfKey(tx, options.idempotencyKey);
    return earlier ?? (await freezeSet(invocation, tx, consumer, { ...options, filter }, by));
  });
  await markJobsRunning(invocation);
  return id;
}

async function freezeSet(
  invocation: Invocation,
  tx: Tx,
  { subscriber }: Consumer,
  options: ReplayOptions,
  by: Operator,
): Promise<string> {
  const { name, mode, filter, reason } = options;
  await assertNameIsFree(tx, { kind: "replay", subscriber, name });
  const untilPosition = await lastPosition(tx);
  const { total, oldestMs } = await measure(tx, filter, untilPosition);
  if (mode === "only_missing" && !options.acceptDuplicates && oldestMs !== null) {
    await assertWithinClaims(invocation, tx, subscriber, oldestMs);
  }
  const jobId = await insertJob(tx, {
    kind: "replay",
    subscriber,
    name,
    filter: { ...filter, accept_duplicates: options.acceptDuplicates },
    mode,
    replayEpoch: mode === "force" ? await nextEpoch(tx, subscriber) : 0,
    untilPosition,
    total,
    ratePerSecond: options.ratePerSecond,
    step: options.maxStep,
    maxStep: options.maxStep,
    stopRatio: options.stopRatio,
    reason,
    actorId: by.actorId,
    idempotencyKey: options.idempotencyKey,
  });
  if (jobId === null) throw new ConflictError(`The replay "${name}" is there already. Choose another name.`);
  await recordAction(tx, {
    ...by,
    action: "replay.started",
    reason,
    subscriber,
    filter: { ...filter, mode },
    affected: total,
    jobId,
  });
  return jobId;
}

async function lastPosition(tx: Tx): Promise<string> {
  const { rows } = await tx.execute<{ position: string }>(
    sql`SELECT coalesce(max(position), 0)::text AS position FROM events`,
  );
  return rows[0]?.position ?? "0";
}

async function measure(
  tx: Tx,
  filter: ReplayFilter,
  untilPosition: string,
): Promise<{ readonly total: number; readonly oldestMs: number | null }> {
  const { rows } = await tx.execute<{ total: number; oldest_ms: number | null }>(sql`
    SELECT count(*)::integer AS total, (extract(epoch FROM min(e.stored_at)) * 1000)::float8 AS oldest_ms
    FROM events e WHERE ${eventCondition(filter, untilPosition)}`);
  return { total: rows[0]?.total ?? 0, oldestMs: rows[0]?.oldest_ms ?? null };
}

/** Events older than the claims cannot be told from missing ones: a replay of "what is missing" would apply them again. */
async function assertWithinClaims(
  { now, retention }: Invocation,
  tx: Tx,
  subscriber: string,
  oldestMs: number,
): Promise<void> {
  const { dedupDays } = retention;
  if (oldestMs >= now() - dedupDays * dayMs) return;
  // A subscriber that never applied anything has nothing to apply twice.
  const { rows } = await tx.execute(
    sql`SELECT 1 AS one FROM processed_events WHERE subscriber_name = ${subscriber} LIMIT 1`,
  );
  if (rows.length === 0) return;
  const horizon = new Date(now() - dedupDays * dayMs).toISOString();
  throw new ConflictError(
    `The set begins at ${new Date(oldestMs).toISOString()}, but what "${subscriber}" applied is known only since ${horizon} (BRAIN_DEDUP_DAYS=${dedupDays}). Older events could be applied twice. Set "from" to ${horizon} or later; or send "accept_duplicates": true when applying them twice does no harm; or use mode "force" to apply all of them once more.`,
    { issues: [{ path: "from", message: `expected ${horizon} or later` }] },
  );
}

/** An epoch that no replay of the subscriber had. */
async function nextEpoch(tx: Tx, subscriber: string): Promise<number> {
  const { rows } = await tx.execute<{ epoch: number }>(sql`
    SELECT coalesce(max(replay_epoch), 0)::integer + 1 AS epoch FROM jobs WHERE subscriber_name = ${subscriber}`);
  return rows[0]?.epoch ?? 1;
}

/**
 * Starts the first fill of a consumer: everything in the record up to a position that it handles and has not applied.
 * Then call `markJobsRunning`, before the transaction commits and after.
 *
 * @param untilPosition the last position of the set; what comes after it comes by the stream
 * @returns the job's id; null when the consumer had its backfill already
 */
export async function startBackfill(
  tx: Tx,
  consumer: Consumer,
  untilPosition: string,
): Promise<string | null> {
  const filter = narrowed(consumer, {
    types: null,
    from: null,
    to: null,
    tenant_id: null,
    correlation_id: null,
  });
  const { total } = await measure(tx, filter, untilPosition);
  return insertJob(tx, {
    kind: "backfill",
    subscriber: consumer.subscriber,
    name: "backfill",
    filter,
    mode: "only_missing",
    replayEpoch: 0,
    untilPosition,
    total,
    ratePerSecond: null,
    step: replayStep,
    maxStep: replayStep,
    // What fails is in the dead letters, where it can be redriven; a consumer without its past could not be.
    stopRatio: null,
    reason: null,
    actorId: null,
    idempotencyKey: null,
  });
}

/** The part of a job's row that a step of a replay needs. */
export interface ReplayJob {
  readonly id: string;
  readonly subscriber: string;
  readonly mode: ReplayMode;
  readonly filter: ReplayFilter;
  readonly replayEpoch: number;
  readonly cursor: string;
  readonly untilPosition: string;
}

/** Largest number of shards that the settings allow, so that every stream has its name. */
const maxShards = 64;

/**
 * Queues the next events of a replay, in the order of the record. Looks at no more than `scanLimit` of them; `cursor`
 * null says that there were none left. An open dead letter of an event is taken along and becomes resolved with it.
 */
export async function queueEvents(tx: Tx, keys: StreamKeys, job: ReplayJob, limit: number): Promise<Queued> {
  const { subscriber } = job;
  const force = job.mode === "force";
  const streams = sql.param(Array.from({ length: maxShards }, (_, shard) => keys.stream(shard)));
  const { rows } = await tx.execute<{
    inserted: number;
    passed: number;
    cursor: string | null;
    chosen: number;
  }>(sql`
    WITH page AS MATERIALIZED (
      SELECT e.position, e.id, e.type, e.tenant_id, e.key, e.shard, e.stream_message_id
      FROM events e
      WHERE e.position > ${job.cursor}::bigint AND ${eventCondition(job.filter, job.untilPosition)}
      ORDER BY e.position LIMIT ${Math.max(limit, scanLimit)}
    ), judged AS MATERIALIZED (
      SELECT e.*, l.id AS letter_id, l.status AS letter_status, ${hasClaim(subscriber)} AS applied
      FROM page e LEFT JOIN dead_letters l
        ON l.subscriber_name = ${subscriber} AND l.stream_message_id = e.stream_message_id
    ), chosen AS MATERIALIZED (
      SELECT * FROM judged
      WHERE ${force}::boolean OR (NOT applied AND letter_status IS DISTINCT FROM 'discarded')
      ORDER BY position LIMIT ${limit}
    ), bound AS (
      SELECT CASE WHEN (SELECT count(*) FROM chosen) < ${limit}::integer THEN (SELECT max(position) FROM page)
        ELSE (SELECT max(position) FROM chosen) END AS position
    ), taken AS (
      UPDATE dead_letters l SET status = 'requeued', job_id = ${job.id}::bigint, redrives = l.redrives + 1
      FROM chosen c WHERE l.id = c.letter_id AND l.status = 'open' RETURNING l.id
    ), inserted AS (
      INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, tenant_id,
        key, cause, job_id, dead_letter_id, replay_epoch)
      SELECT ${subscriber}, c.shard, (${streams}::text[])[c.shard + 1], c.stream_message_id, c.id::text, c.type,
        c.tenant_id, c.key, 'replay', ${job.id}::bigint, t.id,
        CASE WHEN c.applied THEN ${job.replayEpoch}::integer ELSE 0 END
      FROM chosen c LEFT JOIN taken t ON t.id = c.letter_id
      ORDER BY c.position
      ON CONFLICT (subscriber_name, stream_message_id, replay_epoch) DO NOTHING
      RETURNING place
    )
    SELECT (SELECT count(*) FROM inserted)::integer AS inserted, (SELECT count(*) FROM chosen)::integer AS chosen,
      (SELECT count(*) FROM page, bound WHERE page.position <= bound.position)::integer
        - (SELECT count(*) FROM inserted)::integer AS passed,
      (SELECT position::text FROM bound) AS cursor`);
  const [row] = rows;
  if (row === undefined) return { inserted: 0, passed: 0, cursor: null };
  // Its entry waits in the queue for another reason: the letter was taken in vain.
  if (row.inserted < row.chosen) await releaseLetters(tx, job.id);
  return row;
}
