import { encodeStored, type MessageId } from "@brain/schemas";
import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { messageIdOfRow } from "../../core/beside-ids.ts";
import { maxSkewMs } from "../../core/clock.ts";
import type { Database } from "../../db/database.ts";
import { keepNamedSql, keepSql, type Slots } from "../../db/kept-sql.ts";
import { isUnderItsId } from "../../db/of-event.ts";
import { byId, idIn, splitId } from "../../db/stream-ids.ts";
import { type EnvelopeRow, outgoingColumns } from "../../publish/record.ts";
import { objectToFields } from "../../stream/entry-fields.ts";

/** A row that was taken. */
export interface DeferredRow {
  /** Primary key, decimal. */
  readonly id: string;
  readonly messageId: MessageId;
  /** Null when neither the row nor the record has the body. */
  readonly fields: readonly string[] | null;
  /** What the row says of its event; null where the entry could not be decoded. */
  readonly eventId: string | null;
  readonly eventType: string | null;
  readonly tenantId: string | null;
  readonly key: string | null;
  readonly isReplay: boolean;
  readonly deadLetterId: string | null;
  readonly replayGeneration: number;
  /** Tries begun before this one. */
  readonly begun: number;
  /** Tries that came to an outcome. */
  readonly ended: number;
  /** Unix time, ms. */
  readonly dueAtMs: number;
  /** Unix time, ms; null when it never failed. */
  readonly firstFailedAtMs: number | null;
  readonly lastError: string | null;
  readonly skipReason: string | null;
  readonly overtakable: boolean;
}

export interface TakeOptions {
  readonly subscriber: string;
  readonly shard: number;
  readonly nowMs: number;
  readonly limit: number;
  /** Types that are paused: their rows wait, and hold their keys. */
  readonly pausedTypes: readonly string[];
  /** Under which names a row may know what is handled here; null: everything is. */
  readonly handledTypes: readonly string[] | null;
  /** Keys that wait for an entry on the stream. */
  readonly blockedKeys: readonly string[];
  /** Keys of the entries at hand, which may have to go behind what waits here. */
  readonly keys: readonly string[];
  /** An open dead letter holds its key. */
  readonly holdKeys: boolean;
  /** The group has read the stream up to here: a newer row of a key waits. Null: it has read all. */
  readonly readTo: MessageId | null;
  /** Then at least up to here; null: nobody knows of any. */
  readonly seenTo: MessageId | null;
  /** Rows that stood here before the stream was read. */
  readonly stood: readonly string[];
  /** New entries at hand that may have been taken ahead of their place, with the ids of their events; null: it has none. */
  readonly perhapsTaken: readonly { readonly id: MessageId; readonly event: string | null }[];
}

export interface TakeResult {
  /** In the order of the stream ids. */
  readonly rows: readonly DeferredRow[];
  /** For those of `keys` of which something waits here: the oldest id. */
  readonly heads: ReadonlyMap<string, MessageId>;
  /** Unix time, ms, at which the next retry is due; null when none waits. */
  readonly nextDueMs: number | null;
  /** Those of `perhapsTaken` that were. */
  readonly alreadyTaken: ReadonlySet<string>;
  /** What a replay has deferred, and perhaps before the group read it: those wait until the stream was read once more. */
  readonly unread: readonly string[];
  /** Something waits for a worker of another release, which handles its type. */
  readonly isAnothers: boolean;
  /** There is nothing here, not even what waits. */
  readonly isEmpty: boolean;
}

/** Rows that wait at once until the stream was read once more; the others follow in later rounds. */
const maxUnread = sql.raw("1000");
/** Releases run beside each other for no longer; what still nobody handles then is passed over, as on the stream. */
export const besideEachOther = sql.raw("interval '1 hour'");

interface TakenRow extends Partial<EnvelopeRow> {
  readonly place: string;
  /** Or an id beside it. */
  readonly message_id: string;
  readonly queued_event_id: string | null;
  readonly queued_type: string | null;
  readonly queued_tenant: string | null;
  readonly queued_key: string | null;
  readonly raw_fields: Record<string, string> | null;
  readonly is_replay: boolean;
  readonly dead_letter_id: string | null;
  readonly replay_epoch: number;
  readonly begun: number;
  readonly attempts: number;
  readonly due_ms: number;
  readonly first_failed_ms: number | null;
  readonly last_error: string | null;
  readonly skip_reason: string | null;
  readonly overtakable: boolean;
}

/**
 * Takes what is due. A row that was never begun is marked as begun, because it runs together with others; one that was
 * is marked by `beginDeferred` just before its try, so that a death of the worker counts for it alone.
 *
 * @param done statements that remove what is finished, for the same round trip
 */
export async function takeDeferred(
  db: Database,
  options: TakeOptions,
  done: readonly SQL[],
): Promise<TakeResult> {
  const look = restSql({
    ...{ subscriber: options.subscriber, shard: options.shard, now: nowOf(options) },
    ...{ handledTypes: options.handledTypes, ...readOf(options) },
  });
  const before =
    options.perhapsTaken.length === 0 ? [] : [takenAheadSql(options.subscriber, options.perhapsTaken)];
  const answers = await db.batch([...before, ...done, takeSql(options), headsSql(options), look]);
  const [taken, heads, rest] = answers.slice(-3);
  const ahead = before.length === 0 ? [] : answers[0];
  const [state] = (rest ?? []) as RestRow[];
  return {
    rows: ((taken ?? []) as TakenRow[]).map(toRow),
    heads: new Map(
      ((heads ?? []) as { key: string; id: string }[]).map(({ key, id }) => [key, messageIdOfRow(id)]),
    ),
    nextDueMs: state?.next_due_ms ?? null,
    unread: state?.unread ?? [],
    isAnothers: state?.anothers === true,
    isEmpty: state?.filled !== true,
    alreadyTaken: new Set(((ahead ?? []) as { id: string }[]).map(({ id }) => id)),
  };
}

/**
 * Of these entries, which nobody of the group has tried, those that were taken from the record ahead of their place: they
 * wait here, or came to their end. Asked before what is done is removed. One row `id` each.
 */
const takenAhead = keepSql<[subscriber: string, ids: readonly string[], events: readonly (string | null)[]]>(
  (subscriber, ids, events) => {
    const given = { id: sql`given.event`, messageId: sql`given.id` };
    const has = (row: SQL) => sql`${row}.subscriber_name = ${subscriber} AND ${isUnderItsId(row, given)}`;
    return sql`
    SELECT given.id FROM unnest(${ids}::text[], ${events}::text[]) AS given(id, event)
    WHERE EXISTS (SELECT FROM deliveries d WHERE ${has(sql`d`)})
      OR EXISTS (SELECT FROM processed_events p WHERE ${has(sql`p`)})
      OR EXISTS (SELECT FROM processed_events p WHERE p.subscriber_name = ${subscriber} AND p.event_id = given.event)
      OR EXISTS (SELECT FROM dead_letters l WHERE ${has(sql`l`)})`;
  },
);

const takenAheadSql = (subscriber: string, given: TakeOptions["perhapsTaken"]) =>
  takenAhead(
    subscriber,
    given.map(({ id }) => id),
    given.map(({ event }) => event),
  );

interface ReadValues {
  /** The parts of `readTo`. */
  readonly readMs: string | null;
  readonly readSeq: string | null;
  /** The parts of `seenTo`. */
  readonly seenMs: string;
  readonly seenSeq: string;
  readonly stood: readonly string[];
}

type TakeValues = Pick<
  TakeOptions,
  "subscriber" | "shard" | "limit" | "pausedTypes" | "handledTypes" | "blockedKeys"
> &
  ReadValues & {
    /** ISO 8601. */
    readonly now: string;
  };

/**
 * True of a row which a replay may have deferred since the group has read all there was: its entry, and older ones of its key,
 * may have come only then. What stood here before the stream was read is not, for a replay defers what was sent.
 */
function isPerhapsUnread(row: SQL, { readMs, seenMs, seenSeq, stood }: Slots<ReadValues>): SQL {
  return sql`(${row}.cause = 'replay' AND ${row}.begun = 0 AND ${row}.key IS NOT NULL AND ${readMs}::numeric IS NULL
    AND (${row}.stream_ms, ${row}.stream_seq) > (${seenMs}::numeric, ${seenSeq}::numeric)
    AND ${row}.place <> ALL(${stood}::bigint[]))`;
}

/**
 * True of a row that somebody else handles. Whoever deferred it for this consumer knew that it handles the type: a release
 * that runs beside this one has added the handler, or renamed the event.
 */
export function isAnothers(row: SQL, handledTypes: SQLWrapper): SQL {
  return sql`coalesce(${handledTypes}::text[] IS NOT NULL AND ${row}.event_type <> ALL(${handledTypes}::text[])
    AND coalesce(${row}.raw_fields ->> 'type', '') <> ALL(${handledTypes}::text[])
    AND ${row}.queued_at > now() - ${besideEachOther}, false)`;
}

const keepTake = (holdKeys: boolean) =>
  keepNamedSql<TakeValues>((of) => {
    const { subscriber, shard, now, limit, pausedTypes, handledTypes, blockedKeys, readMs, readSeq } = of;
    // What was never tried is due whatever its time says: the clocks of the worker that deferred it and of the one that
    // takes it may differ.
    const isDue = (row: SQL) =>
      sql`(${row}.attempts = 0 OR ${dueSql(row, sql`${now}::timestamptz`)} <= ${now}::timestamptz OR ${row}.skip_reason IS NOT NULL)`;
    const isPaused = (row: SQL) =>
      sql`(coalesce(${row}.event_type = ANY(${pausedTypes}::text[]), false) OR ${isAnothers(row, handledTypes)})`;
    const held = holdKeys
      ? sql`OR EXISTS (SELECT FROM dead_letters l WHERE l.subscriber_name = d.subscriber_name AND l.key = d.key
        AND l.status IN ('open', 'requeued') AND ${isOlder(sql`l`, sql`d`)})`
      : sql``;
    // A row is taken only together with all older ones of its key, so one of the other list waits for them, and one that
    // is newer than what the group has read waits until it has. What is taken ahead has nothing older of its key there.
    const isUnread = sql`(d.cause <> 'ahead' AND ${readMs}::numeric IS NOT NULL
      AND (d.stream_ms, d.stream_seq) > (${readMs}::numeric, ${readSeq}::numeric))`;
    const dueOf = (list: SQL, most: SQL) => sql`(
      SELECT d.place, d.begun AS begun_before FROM deliveries d
      WHERE d.subscriber_name = ${subscriber} AND d.shard = ${shard} AND ${list} AND ${isDue(sql`d`)} AND NOT ${isPaused(sql`d`)}
        AND (d.key IS NULL OR NOT (
          d.key = ANY(${blockedKeys}::text[]) OR coalesce(${isUnread}, false) OR ${isPerhapsUnread(sql`d`, of)}
          OR EXISTS (SELECT FROM deliveries o WHERE o.subscriber_name = d.subscriber_name AND o.key = d.key
            AND (o.stream_ms, o.stream_seq) < (d.stream_ms, d.stream_seq) AND NOT o.overtakable
            AND (NOT ${isDue(sql`o`)} OR o.shard <> d.shard OR ${isPaused(sql`o`)}
              OR (o.cause = 'ahead') <> (d.cause = 'ahead')))
          ${held}))
      ORDER BY d.stream_ms, d.stream_seq LIMIT ${most})`;
    // Those taken ahead come first, up to half: however many wait here, they have waited behind more on the stream.
    return sql`
    WITH ahead AS (${dueOf(sql`d.cause = 'ahead'`, sql`(${limit}::integer + 1) / 2`)}
    ), others AS (${dueOf(sql`d.cause <> 'ahead'`, sql`${limit}::integer - (SELECT count(*) FROM ahead)`)}
    ), due AS (SELECT * FROM ahead UNION ALL SELECT * FROM others
    ), taken AS (
      UPDATE deliveries d SET begun = greatest(d.begun, 1) FROM due WHERE d.place = due.place
      RETURNING d.*, due.begun_before
    )
    SELECT t.place::text AS place, t.stream_message_id AS message_id, t.event_id AS queued_event_id,
      t.event_type AS queued_type, t.tenant_id AS queued_tenant, t.key AS queued_key, t.raw_fields, t.cause = 'replay' AS is_replay,
      t.dead_letter_id::text AS dead_letter_id, t.replay_epoch,
      t.begun_before AS begun, t.attempts, t.last_error, floor(extract(epoch FROM t.due_at) * 1000)::float8 AS due_ms,
      floor(extract(epoch FROM t.first_failed_at) * 1000)::float8 AS first_failed_ms, t.skip_reason, t.overtakable,
      ${outgoingColumns}
    FROM taken t
    LEFT JOIN events e ON t.raw_fields IS NULL AND e.id = CASE WHEN t.raw_fields IS NULL THEN t.event_id::uuid END
    ORDER BY t.stream_ms, t.stream_seq`;
  });

const keepHeads = (holdKeys: boolean) =>
  keepSql<[subscriber: string, keys: readonly string[]]>((subscriber, keys) => {
    const letters = holdKeys
      ? sql`UNION ALL SELECT l.key, l.stream_message_id, ${byId(sql`l.stream_message_id`)}
      FROM dead_letters l
      WHERE l.subscriber_name = ${subscriber} AND l.status IN ('open', 'requeued') AND l.key = ANY(${keys}::text[])`
      : sql``;
    return sql`
    SELECT DISTINCT ON (key) key, id FROM (
      SELECT key, stream_message_id AS id, stream_ms AS ms, stream_seq AS seq FROM deliveries
      WHERE subscriber_name = ${subscriber} AND key = ANY(${keys}::text[]) ${letters}
    ) waiting
    ORDER BY key, ms, seq`;
  });

/** For consumers whose keys an open dead letter holds, and for the others. */
const holding = { take: keepTake(true), heads: keepHeads(true) };
const passing = { take: keepTake(false), heads: keepHeads(false) };

function takeSql(options: TakeOptions): SQL {
  const { subscriber, shard, limit, pausedTypes, handledTypes, blockedKeys, holdKeys } = options;
  const { take } = holdKeys ? holding : passing;
  const row = { subscriber, shard, now: nowOf(options), limit, pausedTypes, handledTypes, blockedKeys };
  return take({ ...row, ...readOf(options) });
}

function readOf({ readTo, seenTo, stood }: TakeOptions): ReadValues {
  const [readMs, readSeq] = readTo === null ? [null, null] : splitId(readTo);
  const [seenMs, seenSeq] = splitId(seenTo ?? "0-0");
  return { readMs, readSeq, seenMs, seenSeq, stood };
}

/** The oldest deferred id of each key at hand; an open dead letter counts when it holds its key. */
function headsSql({ subscriber, keys, holdKeys }: TakeOptions): SQL {
  const { heads } = holdKeys ? holding : passing;
  return heads(subscriber, keys);
}

function nowOf({ nowMs }: TakeOptions): string {
  return new Date(nowMs).toISOString();
}

interface RestRow {
  readonly next_due_ms: number | null;
  readonly unread: readonly string[] | null;
  readonly anothers: boolean | null;
  readonly filled: boolean;
}

/** Whether anything is deferred, on any shard: what a key waits for may be deferred on another one. */
const restSql = keepNamedSql<
  Pick<TakeOptions, "subscriber" | "shard" | "handledTypes"> & ReadValues & { readonly now: string }
>((of) => {
  const { subscriber, shard, handledTypes, now } = of;
  const dueAt = dueSql(sql`d`, sql`${now}::timestamptz`);
  return sql`
    SELECT floor(extract(epoch FROM min(${dueAt}) FILTER (WHERE d.shard = ${shard} AND d.attempts > 0
        AND ${dueAt} > ${now}::timestamptz)) * 1000)::float8
      AS next_due_ms, true AS filled,
      bool_or(d.shard = ${shard} AND ${isAnothers(sql`d`, handledTypes)}) AS anothers,
      (array_agg(d.place::text) FILTER (WHERE d.shard = ${shard} AND ${isPerhapsUnread(sql`d`, of)}))[1:${maxUnread}] AS unread
    FROM deliveries d WHERE d.subscriber_name = ${subscriber}
    HAVING count(*) > 0`;
});

/**
 * When a row that failed is due. Its time was noted by the clock of one worker and is read by that of another: a wait longer
 * than it was to be shows that the first ran ahead. Then the clock of Postgres says what is left of it.
 */
function dueSql(row: SQL, now: SQL): SQL {
  const wait = sql`${row}.wait_ms * interval '1 ms'`;
  return sql`(CASE WHEN ${row}.due_at > ${now} + ${wait} + ${maxSkewMs}::integer * interval '1 ms'
    THEN ${now} + (${row}.last_failed_at + ${wait} - now()) ELSE ${row}.due_at END)`;
}

/** True when `letter` is older on the stream than `row`. */
function isOlder(letter: SQL, row: SQL): SQL {
  return sql`${idIn(sql`${letter}.stream_message_id`)} < (${row}.stream_ms, ${row}.stream_seq)`;
}

function toRow(row: TakenRow): DeferredRow {
  const fields =
    row.raw_fields !== null
      ? objectToFields(row.raw_fields)
      : typeof row.id === "string"
        ? encodeStored(row as EnvelopeRow)
        : null;
  return {
    id: row.place,
    messageId: messageIdOfRow(row.message_id),
    fields,
    eventId: row.queued_event_id,
    eventType: row.queued_type,
    tenantId: row.queued_tenant,
    key: row.queued_key,
    isReplay: row.is_replay,
    deadLetterId: row.dead_letter_id,
    replayGeneration: row.replay_epoch,
    begun: row.begun,
    ended: row.attempts,
    dueAtMs: row.due_ms,
    firstFailedAtMs: row.first_failed_ms,
    lastError: row.last_error,
    skipReason: row.skip_reason,
    overtakable: row.overtakable,
  };
}
