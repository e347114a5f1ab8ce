import { compareMessageIds, type MessageId } from "@brain/schemas";
import { type SQL, sql } from "drizzle-orm";
import type { Consumer } from "../consume/define-consumer.ts";
import { signalQueue } from "../consume/queue-signal.ts";
import { bodiesOfPending, failureFromText, failureToText } from "../consume/recover.ts";
import { routeEntry } from "../consume/route.ts";
import { ConflictError, NotFoundError, TransientError } from "../core/errors.ts";
import type { Tx } from "../db/database.ts";
import { isMissingGroup, parsePending, pendingCommand } from "../stream/group.ts";
import type { RedisHttp } from "../stream/redis.ts";
import type { Invocation } from "./invocation.ts";
import { isoText } from "./job-view.ts";
import { type Operator, recordAction } from "./operator-actions.ts";
import { listPauses } from "./pauses.ts";

/*
 * Keys that wait. The oldest event of a key, on the stream or in the queue in Postgres, holds the later ones back while
 * it waits for another try; a dead letter does, too, for consumers that ask for it. An operator may let the others pass
 * (unblock), or give the event up (skip).
 */

/** A key whose oldest event holds the others back. */
export interface BlockedKey {
  readonly key: string;
  readonly shard: number;
  /** The event that holds the key; null when it could not be decoded. */
  readonly event_id: string | null;
  readonly event_type: string | null;
  readonly stream_message_id: string;
  /** Tries so far. */
  readonly attempts: number;
  /** Null: not before somebody acts, or a pause ends. */
  readonly next_try_at: string | null;
  /** The last failure, one line; null when there was none. */
  readonly error: string | null;
  /** Later events of the key that wait behind it. */
  readonly waiting: number;
  /** Where the event stands. A dead letter holds its key only for consumers with `afterDeadLetter: "hold_key"`. */
  readonly where: "stream" | "queue" | "dead_letter";
  /** `retry` on the stream, `dead_letter`, or why it stands in the queue: `waiting`, `paused`, `redrive`, `replay`. */
  readonly cause: string;
}

/** The oldest pending entry of a key on the stream. */
interface StreamHead {
  readonly key: string;
  readonly shard: number;
  readonly messageId: MessageId;
  readonly eventId: string | null;
  readonly eventType: string | null;
  /** Pending entries of the key, this one included. */
  readonly count: number;
  /** Its failure as the hash of retry times has it; null: no try has failed, or one is under way. */
  readonly text: string | null;
}

type StreamHeads = ReadonlyMap<string, StreamHead>;

/** The drain lets no more entries than this be pending at once. */
const maxPending = 1_000;

/** The oldest pending entry of each key on all shards; entries that later ones may overtake hold nothing. */
async function readStreamHeads(
  invocation: Invocation,
  redis: RedisHttp,
  consumer: Consumer,
): Promise<StreamHeads> {
  const shards = Array.from({ length: invocation.publish.shards }, (_, shard) => shard);
  const found = await Promise.all(shards.map((shard) => readShardHeads(invocation, redis, consumer, shard)));
  const heads = new Map<string, StreamHead>();
  for (const head of found.flat()) {
    // After a change of the number of shards a key may stand on two.
    const other = heads.get(head.key);
    const older =
      other !== undefined && compareMessageIds(other.messageId, head.messageId) < 0 ? other : head;
    heads.set(head.key, { ...older, count: head.count + (other?.count ?? 0) });
  }
  return heads;
}

async function readShardHeads(
  { db, keys }: Invocation,
  redis: RedisHttp,
  consumer: Consumer,
  shard: number,
): Promise<StreamHead[]> {
  const group = { stream: keys.stream(shard), group: consumer.group, consumer: consumer.subscriber };
  const [reply] = await redis.pipeline([pendingCommand(group, maxPending)]);
  if (isMissingGroup(reply)) return [];
  if (reply instanceof Error) throw reply;
  const entries = parsePending(reply);
  if (entries.length === 0) return [];
  const retryKey = keys.retryAt(consumer.group, shard);
  const [{ bodies }, texts] = await Promise.all([
    bodiesOfPending({ redis, db }, group, retryKey, entries),
    redis.command(["HMGET", retryKey, ...entries.map((entry) => entry.id)]),
  ]);
  const heads = new Map<string, StreamHead>();
  entries.forEach(({ id }, index) => {
    const fields = bodies.get(id);
    if (fields === undefined) return;
    const routed = routeEntry(consumer, { id, fields }, 1);
    const key = routed.kind === "handle" ? routed.incoming.key : routed.key;
    if (key === null || routed.kind === "skip") return;
    const stored: unknown = Array.isArray(texts) ? texts[index] : null;
    const text = typeof stored === "string" ? stored : null;
    if (text !== null && failureFromText(text)?.overtakable === true) return;
    const head = heads.get(key);
    if (head !== undefined) {
      heads.set(key, { ...head, count: head.count + 1 });
      return;
    }
    const event = routed.kind === "handle" ? routed.incoming.event : routed.event;
    const [eventId, eventType] = [event?.id ?? null, event?.type ?? null];
    heads.set(key, { key, shard, messageId: id, eventId, eventType, count: 1, text });
  });
  return [...heads.values()];
}

/** What Postgres knows of a key: its oldest row in the queue, and the oldest dead letter that holds it. */
interface KeyRow {
  readonly key: string;
  /** Rows of the key in the queue. */
  readonly count: number;
  readonly queue: StoredHead | null;
  readonly letter: StoredHead | null;
}

/** A row of `deliveries` or `dead_letters`, as JSON. */
interface StoredHead {
  readonly id: string;
  readonly message_id: MessageId;
  readonly shard: number;
  readonly event_id: string | null;
  readonly event_type: string | null;
  readonly attempts: number;
  readonly next_try_at: string | null;
  readonly error: string | null;
  readonly cause: string;
  readonly blocks: boolean;
}

interface KeyQuery {
  readonly subscriber: string;
  readonly pausedTypes: readonly string[];
  /** Open dead letters hold their keys. */
  readonly holdKeys: boolean;
}

const byStreamId = sql.raw("ORDER BY stream_ms, stream_seq");

function queueHeadSql({ subscriber, pausedTypes }: KeyQuery, key: SQL): SQL {
  return sql`
    SELECT place::text AS id, stream_message_id AS message_id, shard, event_id, event_type, attempts,
      last_error AS error, cause,
      CASE WHEN NOT paused.held AND attempts > 0 THEN ${isoText(sql`due_at`)} END AS next_try_at,
      paused.held OR attempts > 0 AS blocks
    FROM deliveries CROSS JOIN LATERAL
      (SELECT coalesce(event_type = ANY(${sql.param([...pausedTypes])}::text[]), false) AS held) paused
    WHERE subscriber_name = ${subscriber} AND deliveries.key = ${key} AND NOT overtakable
    ${byStreamId} LIMIT 1`;
}

function letterSql({ subscriber, holdKeys }: KeyQuery, key: SQL): SQL {
  return sql`
    SELECT id::text, stream_message_id AS message_id, shard, event_id, event_type, attempts,
      left(error_message, 300) AS error, 'dead_letter' AS cause, NULL AS next_try_at, true AS blocks
    FROM dead_letters
    WHERE ${holdKeys} AND subscriber_name = ${subscriber} AND dead_letters.key = ${key} AND status = 'open'
    ORDER BY split_part(stream_message_id, '-', 1)::bigint, split_part(stream_message_id, '-', 2)::bigint LIMIT 1`;
}

/** What Postgres knows of the keys of `chosen(key)`, in their order. */
function describeKeysSql(query: KeyQuery): SQL {
  return sql`
    SELECT chosen.key, to_json(queue) AS queue, to_json(letter) AS letter,
      (SELECT count(*)::integer FROM deliveries d
        WHERE d.subscriber_name = ${query.subscriber} AND d.key = chosen.key AND NOT d.overtakable) AS count
    FROM chosen
    LEFT JOIN LATERAL (${queueHeadSql(query, sql`chosen.key`)}) queue ON true
    LEFT JOIN LATERAL (${letterSql(query, sql`chosen.key`)}) letter ON true
    ORDER BY chosen.key`;
}

/**
 * The next keys after `after` that have a blocking row, or are in `streamKeys`, in order. The walk jumps from key to key
 * in the index, so that a long queue of few keys is not read whole.
 */
function nextKeysSql(query: KeyQuery, after: string, streamKeys: readonly string[], limit: number): SQL {
  const { subscriber, holdKeys } = query;
  return sql`
    WITH RECURSIVE walk(key) AS (
      (SELECT key FROM deliveries WHERE subscriber_name = ${subscriber} AND key > ${after} ORDER BY key LIMIT 1)
      UNION ALL
      SELECT (SELECT d.key FROM deliveries d WHERE d.subscriber_name = ${subscriber} AND d.key > walk.key
        ORDER BY d.key LIMIT 1)
      FROM walk WHERE walk.key IS NOT NULL
    ), queued AS (
      SELECT walk.key FROM walk CROSS JOIN LATERAL (${queueHeadSql(query, sql`walk.key`)}) head
      WHERE head.blocks LIMIT ${limit}::integer
    ), held AS (
      SELECT DISTINCT key FROM dead_letters
      WHERE ${holdKeys} AND subscriber_name = ${subscriber} AND status = 'open' AND key > ${after}
      ORDER BY key LIMIT ${limit}::integer
    ), chosen AS (
      SELECT key FROM queued UNION SELECT key FROM held
      UNION SELECT key FROM unnest(${sql.param([...streamKeys])}::text[]) AS s(key) WHERE key > ${after}
      ORDER BY key LIMIT ${limit}::integer
    )
    ${describeKeysSql(query)}`;
}

function oneKeySql(query: KeyQuery, key: string): SQL {
  return sql`WITH chosen AS (SELECT ${key}::text AS key) ${describeKeysSql(query)}`;
}

async function keyQuery({ db }: Invocation, { subscriber, afterDeadLetter }: Consumer): Promise<KeyQuery> {
  const pauses = await listPauses(db, subscriber);
  return {
    subscriber,
    pausedTypes: pauses.flatMap((pause) => pause.event_type ?? []),
    holdKeys: afterDeadLetter === "hold_key",
  };
}

/**
 * A page of the keys that wait behind a failed or paused event.
 *
 * @param page.cursor `nextCursor` of the page before
 * @throws {TransientError} Redis or Postgres is not reachable
 */
export async function listBlockedKeys(
  invocation: Invocation,
  consumer: Consumer,
  page: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<{ readonly blockedKeys: readonly BlockedKey[]; readonly nextCursor: string | null }> {
  const { redis, db } = invocation;
  const [heads, query] = await Promise.all([
    redis === null ? new Map<string, StreamHead>() : readStreamHeads(invocation, redis, consumer),
    keyQuery(invocation, consumer),
  ]);
  const failed = [...heads.values()].filter((head) => head.text !== null).map((head) => head.key);
  const rows = await db.rows<KeyRow>(nextKeysSql(query, page.cursor ?? "", failed, page.limit + 1));
  const listed = rows.slice(0, page.limit);
  return {
    blockedKeys: listed.flatMap((row) => describeKey(row, heads.get(row.key)) ?? []),
    nextCursor: rows.length > page.limit ? (listed.at(-1)?.key ?? null) : null,
  };
}

/** The oldest event of a key, wherever it stands; null when it has none that waits. */
type Holder =
  | { readonly where: "stream"; readonly head: StreamHead }
  | { readonly where: "queue" | "dead_letter"; readonly head: StoredHead };

function holderOf(row: KeyRow | undefined, head: StreamHead | undefined): Holder | null {
  const candidates: Holder[] = [];
  if (head !== undefined) candidates.push({ where: "stream", head });
  if (row?.queue) candidates.push({ where: "queue", head: row.queue });
  if (row?.letter) candidates.push({ where: "dead_letter", head: row.letter });
  candidates.sort((a, b) => compareMessageIds(idOf(a), idOf(b)));
  return candidates[0] ?? null;
}

function idOf(holder: Holder): MessageId {
  return holder.where === "stream" ? holder.head.messageId : holder.head.message_id;
}

/** Null when the oldest event is ready to run: then the key only looks as if it waited. */
function describeKey(row: KeyRow, onStream: StreamHead | undefined): BlockedKey | null {
  const holder = holderOf(row, onStream);
  const known = row.count + (onStream?.count ?? 0);
  if (holder === null) return null;
  if (holder.where === "stream") {
    const { head } = holder;
    const failure = head.text === null ? null : failureFromText(head.text);
    if (failure === null) return null;
    return {
      ...place(row.key, holder),
      event_type: head.eventType,
      attempts: failure.attempts,
      next_try_at: new Date(failure.dueAtMs).toISOString(),
      error: failure.error === "" ? null : failure.error,
      waiting: known - 1,
      cause: "retry",
    };
  }
  const { event_type, attempts, next_try_at, error, cause, blocks } = holder.head;
  if (!blocks) return null;
  const waiting = holder.where === "queue" ? known - 1 : known;
  return { ...place(row.key, holder), event_type, attempts, next_try_at, error, waiting, cause };
}

/** Which event, and where it stands. */
export type ChangedKey = Pick<BlockedKey, "key" | "shard" | "event_id" | "stream_message_id" | "where">;

function place(key: string, holder: Holder): ChangedKey {
  const { where, head } = holder;
  const event_id = where === "stream" ? head.eventId : head.event_id;
  return { key, shard: head.shard, event_id, stream_message_id: idOf(holder), where };
}

/** What an operator does about a blocked key. */
export type KeyChange = "unblock" | "skip";

/**
 * `unblock`: the event that holds the key is tried now, and later ones no longer wait for it. `skip`: it becomes a dead
 * letter without another try, and the key goes on. Both take effect with the next tick.
 *
 * @throws {NotFoundError} nothing with this key waits
 * @throws {ConflictError} the event is being worked on, changed while we looked, or is a dead letter already
 * @throws {TransientError} Redis or Postgres is not reachable
 */
export async function changeBlockedKey(
  invocation: Invocation,
  consumer: Consumer,
  change: KeyChange,
  { key, reason }: { readonly key: string; readonly reason: string },
  by: Operator,
): Promise<ChangedKey> {
  const { redis, db, keys, publish } = invocation;
  if (redis === null) throw new TransientError("There is no event stream in this mode; nothing is blocked.");
  const [heads, query] = await Promise.all([
    readStreamHeads(invocation, redis, consumer),
    keyQuery(invocation, consumer),
  ]);
  const [row] = await db.rows<KeyRow>(oneKeySql(query, key));
  const holder = holderOf(row, heads.get(key));
  if (holder === null) {
    throw new NotFoundError(
      `No event with this key waits for "${consumer.subscriber}". GET /api/consumers/${consumer.subscriber}/blocked-keys lists those that do.`,
    );
  }
  const target = place(key, holder);
  // The audit first and the change in Redis last before the commit: what is refused there leaves no trace here.
  await db.transaction(async (tx) => {
    await recordAction(tx, {
      ...by,
      action: change === "unblock" ? "key.unblocked" : "key.skipped",
      reason,
      subscriber: consumer.subscriber,
      filter: { key, event_id: target.event_id, stream_message_id: target.stream_message_id },
      affected: 1,
    });
    if (holder.where === "stream") await changePending(invocation, redis, consumer, change, holder.head);
    else await changeStored(tx, change, reason, holder);
  });
  if (holder.where === "queue") await signalQueue({ redis, keys }, [consumer.group], publish.shards);
  return target;
}

/** Replaces the text of a failure, if the entry is still pending and nobody changed it meanwhile. */
const replaceFailureScript = `
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)
if pending.err or #pending == 0 then return 0 end
if redis.call('HGET', KEYS[2], ARGV[2]) ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[4])
return 1`;

async function changePending(
  { keys, now }: Invocation,
  redis: RedisHttp,
  { group }: Consumer,
  change: KeyChange,
  { shard, messageId, eventId, text }: StreamHead,
): Promise<void> {
  const failure = text === null ? null : failureFromText(text);
  if (text === null || failure === null) throw beingWorkedOn(eventId ?? messageId);
  const effect = change === "unblock" ? { overtakable: true } : { skip: true };
  const replaced = failureToText({ ...failure, dueAtMs: now(), ...effect });
  const scope = [keys.stream(shard), keys.retryAt(group, shard)];
  const stored = await redis.eval(replaceFailureScript, scope, [group, messageId, text, replaced]);
  if (Number(stored) !== 1) throw changedMeanwhile();
}

async function changeStored(
  tx: Tx,
  change: KeyChange,
  reason: string,
  { where, head }: Extract<Holder, { where: "queue" | "dead_letter" }>,
): Promise<void> {
  if (where === "dead_letter") {
    throw new ConflictError(
      `The dead letter ${head.id} holds this key. Redrive it, or discard it; then the key goes on.`,
    );
  }
  if (!head.blocks) throw beingWorkedOn(head.event_id ?? head.message_id);
  const effect = change === "unblock" ? sql`overtakable = true` : sql`skip_reason = ${reason}`;
  const { rows } = await tx.execute(sql`
    UPDATE deliveries SET due_at = now(), ${effect}
    WHERE place = ${head.id}::bigint AND attempts = ${head.attempts} RETURNING place`);
  if (rows.length === 0) throw changedMeanwhile();
}

function beingWorkedOn(event: string): ConflictError {
  return new ConflictError(
    `The event ${event} is being worked on, or is about to be: no failure of it is known. Look again when the tick is over.`,
  );
}

function changedMeanwhile(): ConflictError {
  return new ConflictError("The event changed while this was decided. Look at the blocked keys again.");
}
