import { compareMessageIds, type MessageId } from "@brain/schemas";
import { type SQL, sql } from "drizzle-orm";
import type { Consumer } from "../../consume/consumer.ts";
import { interpretEntry } from "../../consume/drain/interpret.ts";
import { besideEachOther, isAnothers } from "../../consume/sources/deferred-sql.ts";
import {
  bodiesOfPending,
  failureFromText,
  type PendingReplies,
  partCommand,
  toPartReplies,
} from "../../consume/sources/pending.ts";
import { TooMuchAtOnceError } from "../../core/errors.ts";
import { maxFailureLength, type PendingEntry } from "../../core/retry.ts";
import { isoText } from "../../db/iso-text.ts";
import { byId } from "../../db/stream-ids.ts";
import type { StreamInvocation } from "../../invocation.ts";
import { askAll, askThere, isAway, type RedisDatabases, toShards } from "../../stream/databases.ts";
import { type Group, isMissingGroup, maxPending, parsePending, pendingCommand } from "../../stream/group.ts";

/*
 * The oldest event of each key: on the stream, from the pending list of the group and the hash of retry times; in
 * Postgres, from the deferred deliveries and from the dead letters that hold their keys.
 */

/** The oldest pending entry of a key on the stream. */
export interface StreamHead {
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

export interface StreamHeads {
  readonly byKey: ReadonlyMap<string, StreamHead>;
  /** Pending entries that were not looked at, because what comes before them was too much: the newest of some shards. */
  readonly unseen: number;
}

/** Without a stream nothing waits there. */
export const noStreamHeads: StreamHeads = { byKey: new Map(), unseen: 0 };

/** Parts that one look takes at most, of 8 MiB each: a list that is full of our own largest events has as many. */
const maxParts = 16;

/**
 * The oldest pending entry of each key on all shards whose database is there; entries that later ones may overtake hold nothing. Two round trips
 * to Redis, however many shards there are, and one for each further part of what is pending; one to Postgres for each
 * part of which a body was trimmed.
 *
 * @param parts of bodies at most; they are looked at one by one, because an isolate has no room for all of them
 */
export async function readStreamHeads(
  invocation: StreamInvocation,
  consumer: Consumer,
  parts = maxParts,
): Promise<StreamHeads> {
  const pending = await readPending(invocation, consumer);
  const firstParts = await askFirstParts(invocation.databases, pending);
  const byKey = new Map<string, StreamHead>();
  let unseen = 0;
  let left = parts - 1;
  for (const [index, shard] of pending.entries()) {
    const { entries } = shard;
    const found = new Map<string, StreamHead>();
    const first = firstParts?.[index] ?? null;
    let at = first === null ? 0 : await lookAtPart(invocation, consumer, shard, found, first);
    for (; at < entries.length && left > 0; left -= 1)
      at += await lookAtPart(invocation, consumer, { ...shard, entries: entries.slice(at) }, found);
    unseen += entries.length - at;
    for (const head of found.values()) {
      // After a change of the number of shards a key may stand on two.
      const other = byKey.get(head.key);
      const older =
        other !== undefined && compareMessageIds(other.messageId, head.messageId) < 0 ? other : head;
      byKey.set(head.key, { ...older, count: head.count + (other?.count ?? 0) });
    }
  }
  return { byKey, unseen };
}

/** Pending entries of a shard. */
interface PendingOfShard {
  readonly shard: number;
  readonly group: Group;
  readonly retryKey: string;
  readonly entries: readonly PendingEntry[];
}

async function readPending(
  { keys, publish, databases }: StreamInvocation,
  { group }: Consumer,
): Promise<PendingOfShard[]> {
  const shards = Array.from({ length: publish.shards }, (_, shard) => ({
    shard,
    group: { stream: keys.stream(shard), group, consumer: group },
    retryKey: keys.retryAt(group, shard),
  }));
  const lists = await askThere(
    databases,
    toShards(databases, publish.shards, (shard) =>
      pendingCommand({ stream: keys.stream(shard), group, consumer: group }, maxPending),
    ),
  );
  return shards.flatMap((shard, index) => {
    const list = lists[index];
    if (isMissingGroup(list) || isAway(list)) return [];
    if (list instanceof Error) throw list;
    const entries = parsePending(list);
    return entries.length === 0 ? [] : [{ ...shard, entries }];
  });
}

/** The first entries of each shard, which have the room of one answer together; null: that was more than Redis hands on. */
async function askFirstParts(
  databases: RedisDatabases,
  pending: readonly PendingOfShard[],
): Promise<readonly PendingReplies[] | null> {
  const commands = pending.map(({ shard, group, retryKey, entries }) => {
    const ids = entries.map(({ id }) => id);
    return { number: databases.numberOf(shard), command: partCommand(group, retryKey, ids, pending.length) };
  });
  try {
    return (await askAll(databases, commands)).map(toPartReplies);
  } catch (error) {
    if (error instanceof TooMuchAtOnceError) return null;
    throw error;
  }
}

/**
 * Looks at the first entries, as far as they have room in one answer.
 *
 * @param heads gets the oldest of each key
 * @param known what Redis said of them; null: it is asked
 * @returns how many it looked at, one at least
 */
async function lookAtPart(
  { catalog, db, databases }: StreamInvocation,
  consumer: Consumer,
  { shard, group, retryKey, entries }: PendingOfShard,
  heads: Map<string, StreamHead>,
  known: PendingReplies | null = null,
): Promise<number> {
  const redis = databases.of(shard);
  const part = known === null ? entries : entries.slice(0, known.bodies.length);
  const asked = { shard, retryKey, entries: part };
  const details = await bodiesOfPending({ redis, db }, group, asked, known ?? "first");
  const { count, bodies, failureTexts } = details;
  for (const { id } of entries.slice(0, count)) {
    const fields = bodies.get(id);
    if (fields === undefined) continue;
    const { content, key } = interpretEntry(catalog, consumer, fields);
    if (key === null || content.kind === "skip") continue;
    const text = failureTexts.get(id) ?? null;
    if (text !== null && failureFromText(text)?.overtakable === true) continue;
    const head = heads.get(key);
    if (head !== undefined) {
      heads.set(key, { ...head, count: head.count + 1 });
      continue;
    }
    const [eventId, eventType] = [content.event?.id ?? null, content.event?.type ?? null];
    heads.set(key, { key, shard, messageId: id, eventId, eventType, count: 1, text });
  }
  return count;
}

/** What Postgres knows of a key: its oldest deferred delivery, and the oldest dead letter that holds it. */
export interface KeyRow {
  readonly key: string;
  /** Deferred deliveries of the key. */
  readonly count: number;
  readonly deferred: StoredHead | null;
  readonly letter: StoredHead | null;
}

/** A row of `deliveries` or `dead_letters`, as JSON. */
export interface StoredHead {
  readonly id: string;
  readonly message_id: MessageId;
  readonly shard: number;
  readonly event_id: string | null;
  readonly event_type: string | null;
  readonly attempts: number;
  readonly next_try_at: string | null;
  /** When it is passed over if nobody has a handler for it until then; null: a handler of this release takes it. */
  readonly passed_over_at: string | null;
  readonly error: string | null;
  readonly cause: string;
  readonly blocks: boolean;
}

export interface KeyQuery {
  readonly subscriber: string;
  readonly pausedTypes: readonly string[];
  /** Null: every type is handled. */
  readonly handledTypes: readonly string[] | null;
  /** Open dead letters hold their keys. */
  readonly holdKeys: boolean;
}

const byStreamId = sql.raw("ORDER BY stream_ms, stream_seq");

function deferredHeadSql({ subscriber, pausedTypes, handledTypes }: KeyQuery, key: SQL): SQL {
  const handled = sql.param(handledTypes === null ? null : [...handledTypes]);
  return sql`
    SELECT place::text AS id, stream_message_id AS message_id, shard, event_id, event_type, attempts,
      last_error AS error, cause,
      CASE WHEN NOT paused.held AND NOT anothers.held AND attempts > 0 THEN ${isoText(sql`due_at`)} END AS next_try_at,
      CASE WHEN anothers.held THEN ${isoText(sql`(deliveries.queued_at + ${besideEachOther})`)} END AS passed_over_at,
      paused.held OR anothers.held OR attempts > 0 AS blocks
    FROM deliveries CROSS JOIN LATERAL
      (SELECT coalesce(event_type = ANY(${sql.param([...pausedTypes])}::text[]), false) AS held) paused
      CROSS JOIN LATERAL (SELECT ${isAnothers(sql`deliveries`, handled)} AS held) anothers
    WHERE subscriber_name = ${subscriber} AND deliveries.key = ${key} AND NOT overtakable
    ${byStreamId} LIMIT 1`;
}

function letterSql({ subscriber, holdKeys }: KeyQuery, key: SQL): SQL {
  return sql`
    SELECT id::text, stream_message_id AS message_id, shard, event_id, event_type, attempts,
      left(error_message, ${sql.raw(String(maxFailureLength))}) AS error, 'dead_letter' AS cause, NULL AS next_try_at,
      NULL AS passed_over_at, true AS blocks
    FROM dead_letters
    WHERE ${holdKeys} AND subscriber_name = ${subscriber} AND dead_letters.key = ${key}
      AND status IN ('open', 'requeued')
    ORDER BY ${byId(sql`stream_message_id`)} LIMIT 1`;
}

/** What Postgres knows of the keys of `chosen(key)`, in their order. */
function describeKeysSql(query: KeyQuery): SQL {
  return sql`
    SELECT chosen.key, to_json(deferred) AS deferred, to_json(letter) AS letter,
      (SELECT count(*)::integer FROM deliveries d
        WHERE d.subscriber_name = ${query.subscriber} AND d.key = chosen.key AND NOT d.overtakable) AS count
    FROM chosen
    LEFT JOIN LATERAL (${deferredHeadSql(query, sql`chosen.key`)}) deferred ON true
    LEFT JOIN LATERAL (${letterSql(query, sql`chosen.key`)}) letter ON true
    ORDER BY chosen.key`;
}

/**
 * The next keys after `after` that have a blocking row, or are in `streamKeys`, in order. The walk jumps from key to key
 * in the index, so that a long list of few keys is not read whole.
 */
export function nextKeysSql(
  query: KeyQuery,
  after: string,
  streamKeys: readonly string[],
  limit: number,
): SQL {
  const { subscriber, holdKeys } = query;
  return sql`
    WITH RECURSIVE walk(key) AS (
      (SELECT key FROM deliveries WHERE subscriber_name = ${subscriber} AND key > ${after} ORDER BY key LIMIT 1)
      UNION ALL
      SELECT (SELECT d.key FROM deliveries d WHERE d.subscriber_name = ${subscriber} AND d.key > walk.key
        ORDER BY d.key LIMIT 1)
      FROM walk WHERE walk.key IS NOT NULL
    ), deferred AS (
      SELECT walk.key FROM walk CROSS JOIN LATERAL (${deferredHeadSql(query, sql`walk.key`)}) head
      WHERE head.blocks LIMIT ${limit}::integer
    ), held AS (
      SELECT DISTINCT key FROM dead_letters
      WHERE ${holdKeys} AND subscriber_name = ${subscriber} AND status IN ('open', 'requeued') AND key > ${after}
      ORDER BY key LIMIT ${limit}::integer
    ), chosen AS (
      SELECT key FROM deferred UNION SELECT key FROM held
      UNION SELECT key FROM unnest(${sql.param([...streamKeys])}::text[]) AS s(key) WHERE key > ${after}
      ORDER BY key LIMIT ${limit}::integer
    )
    ${describeKeysSql(query)}`;
}

export function oneKeySql(query: KeyQuery, key: string): SQL {
  return sql`WITH chosen AS (SELECT ${key}::text AS key) ${describeKeysSql(query)}`;
}
