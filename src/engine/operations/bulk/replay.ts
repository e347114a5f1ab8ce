import { type SQL, sql } from "drizzle-orm";
import { namesOfType } from "../../consume/apply/judge-claims.ts";
import type { Consumer } from "../../consume/consumer.ts";
import { recordedTypes } from "../../consume/define/recorded-types.ts";
import { ConflictError, ValidationError } from "../../core/errors.ts";
import type { Tx } from "../../db/database.ts";
import { isoText } from "../../db/iso-text.ts";
import type { Invocation } from "../../invocation.ts";
import { type Operator, recordAction } from "../operator-actions.ts";
import {
  assertNameIsFree,
  bulkOperationOfKey,
  insertBulkOperation,
  insertOnce,
  lockBulkOperations,
  markBulkOperationsRunning,
} from "./bulk-store.ts";
import { hasClaim, pageSql, type ReplayFilter, type ReplayMode } from "./replay-step.ts";

/*
 * Replay: events of the record go to one consumer again. Its set is what the record holds when it starts; rows in
 * `deliveries` without a body are inserted inside Postgres, so a replay of a million events moves none of them through a
 * worker.
 *
 * `only_missing` brings what was never applied: an event with a claim is passed over, and the claim guards once more
 * when it is handled. `force` applies everything once more: an event with a claim gets one under a new generation; one
 * without is brought under the ordinary one, so that the stream cannot apply it a second time.
 */

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
  /** Events in the set, of its first 100,000 when there are more. */
  readonly count: number;
  /** There are more than were counted: what is said holds for those. */
  readonly more: boolean;
  /** Of them, applied by the consumer before. */
  readonly already_applied: number;
  /** `stored_at` of the first and the last that were counted; null when there are none. */
  readonly oldest: string | null;
  readonly newest: string | null;
}

/** Events handed over at once. */
export const replayStep = 500;
const dayMs = 86_400_000;

/**
 * The filter with the types that the consumer handles, under all names that the record may have of them. A type that it
 * does not handle is most likely a typing error.
 */
function narrowed(
  { catalog }: Pick<Invocation, "catalog">,
  consumer: Consumer,
  filter: ReplayFilter,
): ReplayFilter {
  const handled = [...consumer.byType.keys()];
  const strange = (filter.types ?? []).filter(
    (type) => consumer.any === null && !consumer.byType.has(catalog.canonicalType(type)),
  );
  if (strange.length > 0) {
    throw new ValidationError(`"${consumer.subscriber}" does not handle ${strange.join(", ")}.`, {
      issues: [{ path: "types", message: `expected some of: ${handled.join(", ")}` }],
    });
  }
  const types = filter.types && [...new Set(filter.types.flatMap((type) => namesOfType(catalog, type)))];
  return { ...filter, types: types ?? recordedTypes(catalog, consumer) };
}

/** Events that are counted, or looked at for their claims: a record may have millions. */
const countedAtMost = 100_000;

/**
 * @param most events that are counted at most, the first in the order of the record
 * @throws {ValidationError} a type that the consumer does not handle
 */
export async function previewReplay(
  invocation: Pick<Invocation, "db" | "catalog">,
  consumer: Consumer,
  filter: ReplayFilter,
  most = countedAtMost,
): Promise<ReplayPreview> {
  const { subscriber } = consumer;
  const set = {
    subscriber,
    filter: narrowed(invocation, consumer, filter),
    cursor: "0",
    untilPosition: null,
  };
  const [row] = await invocation.db.rows<ReplayPreview>(sql`
    WITH found AS (${pageSql(set, most + 1)}), counted AS (SELECT * FROM found ORDER BY position LIMIT ${most})
    SELECT count(*)::integer AS count, (SELECT count(*) FROM found) > ${most} AS more,
      (count(*) FILTER (WHERE ${hasClaim(subscriber)}))::integer AS already_applied,
      ${isoText(sql`min(e.stored_at)`)} AS oldest, ${isoText(sql`max(e.stored_at)`)} AS newest
    FROM counted e`);
  return row ?? { count: 0, more: false, already_applied: 0, oldest: null, newest: null };
}

/**
 * Starts a replay.
 *
 * @param most events that are counted at most; of more, their number is estimated
 * @returns the operation's id; that of the first start when `idempotencyKey` was used before
 * @throws {ValidationError} a type that the consumer does not handle
 * @throws {ConflictError} the name is taken, or the set reaches further back than the claims
 * @throws {TransientError} Postgres or Redis is not reachable; nothing was started
 */
export async function startReplay(
  invocation: Invocation,
  consumer: Consumer,
  options: ReplayOptions,
  by: Operator,
  most = countedAtMost,
): Promise<string> {
  const filter = narrowed(invocation, consumer, options.filter);
  await markBulkOperationsRunning(invocation);
  const id = await invocation.db.transaction(async (tx) => {
    await lockBulkOperations(tx);
    const earlier = await bulkOperationOfKey(tx, options.idempotencyKey);
    return earlier ?? (await freezeSet(invocation, tx, consumer, { ...options, filter, most }, by));
  });
  await markBulkOperationsRunning(invocation);
  return id;
}

async function freezeSet(
  invocation: Invocation,
  tx: Tx,
  { subscriber }: Consumer,
  options: ReplayOptions & { readonly most: number },
  by: Operator,
): Promise<string> {
  const { name, mode, filter, reason } = options;
  await assertNameIsFree(tx, { kind: "replay", subscriber, name }, by);
  const untilPosition = await lastPosition(tx);
  const { total, oldestMs } = await measure(tx, { subscriber, filter, untilPosition }, options.most);
  // Without a claim it may have applied everything, so long ago that the claims are gone; a tenant sees its own alone.
  const withinClaims = mode === "only_missing" && !options.acceptDuplicates;
  if (withinClaims) assertWithinClaims(invocation, subscriber, oldestMs);
  const operationId = await insertBulkOperation(tx, {
    kind: "replay",
    subscriber,
    name,
    filter: { ...filter, accept_duplicates: options.acceptDuplicates, within_claims: withinClaims },
    mode,
    replayGeneration: mode === "force" && !by.tenantId ? await nextReplayGeneration(tx, subscriber) : 0,
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
  if (mode === "force" && by.tenantId) await takeOwnGeneration(tx, operationId);
  await recordAction(tx, {
    ...by,
    action: "replay.started",
    reason,
    subscriber,
    filter: { ...filter, mode },
    affected: total,
    operationId,
  });
  return operationId;
}

async function lastPosition(tx: Tx): Promise<string> {
  const { rows } = await tx.execute<{ position: string }>(
    sql`SELECT greatest((SELECT max(position) FROM events), (SELECT max(position) FROM archived_entries), 0)::text AS position`,
  );
  return rows[0]?.position ?? "0";
}

/** How many there are: beyond `most`, as many as if they stood as densely in the record as those. */
async function measure(
  tx: Tx,
  set: { readonly subscriber: string; readonly filter: ReplayFilter; readonly untilPosition: string },
  most: number,
): Promise<{ readonly total: number; readonly oldestMs: number | null }> {
  const spanTo = (end: SQL) => sql`(${end} - min(e.position) + 1)`;
  const { rows } = await tx.execute<{ total: number; oldest_ms: number | null }>(sql`
    SELECT (CASE WHEN count(*) < ${most}::integer THEN count(*) ELSE least(2147483647,
        round(count(*)::numeric * ${spanTo(sql`${set.untilPosition}::bigint`)} / ${spanTo(sql`max(e.position)`)})) END)::integer AS total,
      (extract(epoch FROM min(e.stored_at)) * 1000)::float8 AS oldest_ms
    FROM (${pageSql({ ...set, cursor: "0" }, most)}) e`);
  return { total: rows[0]?.total ?? 0, oldestMs: rows[0]?.oldest_ms ?? null };
}

/** Events older than the claims cannot be told from missing ones: a replay of "what is missing" would apply them again. */
function assertWithinClaims(
  { now, retention: { dedupDays } }: Invocation,
  subscriber: string,
  oldestMs: number | null,
): void {
  const horizonMs = now() - dedupDays * dayMs;
  if (oldestMs === null || oldestMs >= horizonMs) return;
  const horizon = new Date(horizonMs).toISOString();
  throw new ConflictError(
    `The set begins at ${new Date(oldestMs).toISOString()}, but what "${subscriber}" applied is known only since ${horizon} (BRAIN_DEDUP_DAYS=${dedupDays}). Older events could be applied twice. Set "from" to ${horizon} or later; or send "accept_duplicates": true when applying them twice does no harm, or when "${subscriber}" never applied them; or use mode "force" to apply all of them once more.`,
    { issues: [{ path: "from", message: `expected ${horizon} or later` }] },
  );
}

/** A generation that no replay of the subscriber had. */
async function nextReplayGeneration(tx: Tx, subscriber: string): Promise<number> {
  const { rows } = await tx.execute<{ epoch: number }>(sql`
    SELECT coalesce(max(replay_epoch), 0)::integer + 1 AS epoch FROM jobs WHERE subscriber_name = ${subscriber}`);
  return rows[0]?.epoch ?? 1;
}

/**
 * A tenant does not see the replays of others, so its own takes the number of its row: there were never more generations
 * than rows, so none before had it, and none behind will.
 */
async function takeOwnGeneration(tx: Tx, operationId: string): Promise<void> {
  await tx.execute(sql`UPDATE jobs SET replay_epoch = id WHERE id = ${operationId}::bigint`);
}

/**
 * Starts the first fill of a consumer: everything in the record up to a position that it handles and has not applied.
 * Then call `markBulkOperationsRunning`, before the transaction commits and after.
 *
 * @param untilPosition the last position of the set; what comes after it comes by the stream
 * @returns the operation's id; null when the consumer had its backfill already
 */
export async function startBackfill(
  invocation: Pick<Invocation, "catalog">,
  tx: Tx,
  consumer: Consumer,
  untilPosition: string,
): Promise<string | null> {
  const filter = narrowed(invocation, consumer, {
    types: null,
    from: null,
    to: null,
    tenant_id: null,
    correlation_id: null,
  });
  const { total } = await measure(
    tx,
    { subscriber: consumer.subscriber, filter, untilPosition },
    countedAtMost,
  );
  return insertOnce(tx, {
    kind: "backfill",
    subscriber: consumer.subscriber,
    name: "backfill",
    filter,
    mode: "only_missing",
    replayGeneration: 0,
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
