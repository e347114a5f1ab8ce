import { compareMessageIds, isMessageId, type MessageId, previousMessageId } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { entryId, idIn, idValue, sentBetween, sentEvents, unsendParts } from "../db/stream-ids.ts";
import { parsePending, pendingRangeCommand } from "../stream/group.ts";
import { RedisReplyError } from "../stream/redis.ts";
import { readEdges } from "../stream/replies.ts";
import type { RelayDeps } from "./relay-deps.ts";

/*
 * The first Python publisher cuts the stream with each of its appends (MAXLEN ~ 10000), whether anybody has read what
 * goes. Entries of ours that are gone like that are not lost, the record has them; but to send all of them again would
 * fill the stream once more, be cut again, and never end. So only what a consumer still needs is sent again: an event
 * of a type that it handles, of which it has neither a claim nor a dead letter nor a deferred delivery. Entries that are
 * pending stay as they are, because a drain finds their bodies in the record by their ids.
 *
 * Behind that, what is gone counts as let go, as if the janitor had trimmed it.
 */

/** Sent again at once; the rest is for the next look, so that others keep room on the stream. */
const restoreAtOnce = 5_000;
/** No more is ever pending in a group of ours. */
const maxPending = 1_000;

/** What was found. */
export interface ForeignTrim {
  /** Events that are to be sent again. */
  readonly restored: number;
  /** Everything up to this id is gone from the stream, and finished here: it is not to be looked for again. */
  readonly upTo: MessageId;
}

type TrimDeps = Pick<RelayDeps, "db" | "redis" | "keys" | "log" | "settings">;

/**
 * Looks whether somebody else has cut the beginning of a shard's stream, and makes unsent again what is still needed of
 * it. Needs no lease; two at once are harmless.
 *
 * A stream that was lost as a whole looks the same, if another program has written so much since that it has cut that
 * too. Then as well everything that is needed is sent again.
 *
 * @returns null when nobody else has cut the stream, or nobody can tell
 * @throws {TransientError} Redis or Postgres is not reachable
 */
export async function restoreTrimmedByOthers(deps: TrimDeps, shard: number): Promise<ForeignTrim | null> {
  const { db, redis, keys, log, settings } = deps;
  if (settings.readers.length === 0) return null;
  const edges = await readEdges(redis, keys.stream(shard));
  if (edges === null || edges.wasTrimmed !== true) return null;
  const { goneUpTo: upTo } = edges;
  const [row] = await db.rows<{ trimmed: string }>(
    sql`SELECT trimmed_ms || '-' || trimmed_seq AS trimmed FROM relay_shards WHERE shard = ${shard}`,
  );
  if (row === undefined || !isMessageId(row.trimmed)) return null;
  if (compareMessageIds(upTo, row.trimmed) <= 0) return null;
  const pending = await pendingUpTo(deps, shard, upTo);
  if (pending === null) return null;
  const restored = await restoreNeeded(deps, shard, { behind: row.trimmed, upTo, pending: pending.ids });
  // Some groups may have jumped over what is pending in another: look again when it is no longer pending.
  const finished = pending.oldest === null ? upTo : previousMessageId(pending.oldest);
  if (restored < restoreAtOnce) await noteGone(deps, shard, finished);
  if (restored > 0) {
    log.error(
      { shard, up_to: upTo, restored },
      `Another program trimmed the stream; ${restored} events that consumers still need are sent again. Let it keep more (its MAXLEN), or find out why consumers are slow.`,
    );
  }
  return { restored, upTo };
}

interface Pending {
  readonly ids: readonly MessageId[];
  readonly oldest: MessageId | null;
}

/** What the groups hold pending up to `upTo`; null when a consumer is just starting: what it needs is not yet known. */
async function pendingUpTo(
  { db, redis, keys, settings }: TrimDeps,
  shard: number,
  upTo: MessageId,
): Promise<Pending | null> {
  const stream = keys.stream(shard);
  const replies = await redis.pipeline(
    settings.readers.map(({ group }) => pendingRangeCommand(stream, group, "-", upTo, maxPending)),
  );
  const started = await db.rows<{ subscriber: string }>(
    sql`SELECT subscriber_name AS subscriber FROM consumer_shards WHERE shard = ${shard} AND start_id IS NOT NULL`,
  );
  const names = new Set(started.map(({ subscriber }) => subscriber));
  const ids = new Set<MessageId>();
  for (const [at, reply] of replies.entries()) {
    // A group that does not exist has nothing pending. Once it is created, its consumer asks the record what was trimmed.
    if (reply instanceof RedisReplyError && reply.prefix === "NOGROUP") continue;
    if (reply instanceof Error) throw reply;
    if (!names.has(settings.readers[at]?.subscriber ?? "")) return null;
    for (const { id } of parsePending(reply)) ids.add(id);
  }
  const sorted = [...ids].sort(compareMessageIds);
  return { ids: sorted, oldest: sorted[0] ?? null };
}

/**
 * Events that were sent under ids behind `behind` and up to `upTo`, so are gone, and that a consumer needs which began
 * before them. The condition on the stream id makes it safe without the relay's lease: a row that is sent again
 * meanwhile has another id.
 */
async function restoreNeeded(
  { db, settings }: TrimDeps,
  shard: number,
  {
    behind,
    upTo,
    pending,
  }: { readonly behind: MessageId; readonly upTo: MessageId; readonly pending: readonly MessageId[] },
): Promise<number> {
  const readers = JSON.stringify(settings.readers.map(({ subscriber, types }) => ({ subscriber, types })));
  const rows = await db.rows(sql`
    WITH readers AS MATERIALIZED (
      SELECT r.subscriber, r.types, c.start_id
      FROM jsonb_to_recordset(${readers}::jsonb) AS r(subscriber text, types jsonb)
      JOIN consumer_shards c ON c.subscriber_name = r.subscriber AND c.shard = ${shard} AND c.start_id IS NOT NULL
    ), gone AS MATERIALIZED (
      SELECT e.position, e.id::text AS event_id, e.type, s.ms, s.seq
      FROM ${sentEvents}
      WHERE ${sentBetween(shard, behind, upTo)}
        AND e.stored_at > now() - ${settings.restorableDays}::integer * interval '1 day'
        AND ${entryId} <> ALL(${sql.param([...pending])}::text[])
    ), needed AS (
      SELECT DISTINCT g.position, g.ms, g.seq
      FROM gone g JOIN readers r ON (r.types IS NULL OR r.types ? g.type::text)
        AND (g.ms, g.seq) > ${idIn(sql`r.start_id`)}
      WHERE NOT EXISTS (SELECT FROM processed_events p
          WHERE p.subscriber_name = r.subscriber AND p.event_id = g.event_id)
        AND NOT EXISTS (SELECT FROM dead_letters l
          WHERE l.subscriber_name = r.subscriber AND l.event_id = g.event_id)
        AND NOT EXISTS (SELECT FROM deliveries d
          WHERE d.subscriber_name = r.subscriber AND d.event_id = g.event_id)
      ORDER BY g.position LIMIT ${restoreAtOnce}
    ), ${unsendParts("needed")}
    SELECT position FROM restored`);
  return rows.length;
}

/** Notes that everything up to `id` was let go. Never moves the note back. */
async function noteGone({ db }: TrimDeps, shard: number, id: MessageId): Promise<void> {
  await db.rows(sql`
    UPDATE relay_shards SET (trimmed_ms, trimmed_seq) = ${idValue(id)}
    WHERE shard = ${shard} AND (trimmed_ms, trimmed_seq) < ${idValue(id)}`);
}
