import { compareMessageIds, isMessageId, type MessageId } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { raiseAlert, resolveOthers } from "../alerts/alerts.ts";
import { cleanFields } from "../consume/dead-letters.ts";
import { besideId } from "../core/beside-ids.ts";
import { isUuid } from "../core/encoding/uuid.ts";
import { archivedPlace } from "../db/archived-place.ts";
import { idValue } from "../db/stream-ids.ts";
import { type Invocation, ofShard, type StreamInvocation } from "../invocation.ts";
import { recordedNumber, requireNumber } from "../relay/shard-databases.ts";
import { restoreTrimmedByOthers } from "../relay/trimmed-by-others.ts";
import { fieldsToObject } from "../stream/entry-fields.ts";
import { readPart } from "../stream/parts.ts";
import type { RedisHttp } from "../stream/redis.ts";
import {
  type EntryHead,
  type GroupPosition,
  neededFrom,
  readHeads,
  readPositions,
  trimStream,
} from "../stream/trim.ts";
import { compareStretch } from "./reconcile.ts";

/*
 * Trimming of one shard. An entry goes only when every group has handled it, the newest `streamKeep` stay, and what the
 * record does not hold is kept in `archived_entries`:
 *
 *   where do the groups stand → page of what nobody needs → what of it does the record not hold? keep that
 *     → what should be there and is not? that was lost, and is sent again
 *     → note the last id as trimmed (Postgres) → trim up to there (Redis checks the groups again)
 *
 * The note comes before the trim: what is gone from the stream and noted was let go, what is gone and not noted was
 * lost. It comes after the comparison, because behind the note nobody looks for what was lost.
 */

/** What was done on one shard. */
export interface TrimReport {
  readonly shard: number;
  /** Entries before and after. */
  readonly before: number;
  readonly trimmed: number;
  readonly kept: number;
  /** Entries of other programs that were kept in Postgres. */
  readonly archived: number;
  /** Events that the stream had lost, and that are to be sent again. */
  readonly restored: number;
  /** The group for whose sake entries stay that would have been trimmed; null when there are none. */
  readonly heldBackBy: string | null;
  /** Time was used up before all was trimmed. */
  readonly more: boolean;
}

/** Entries checked and trimmed at once. */
const pageSize = 1_000;
/** Bodies read at once, and how often for a page, so that it takes a bounded number of calls. */
const bodiesAtOnce = 100;
const partsOfAPage = pageSize / bodiesAtOnce;
/** A stream this much longer than it needs to be, because of one group, is worth an alert. */
const toleratedBacklog = 10_000;
/** A stream with traffic is looked at this often, ms. */
const trimPauseMs = 5_000;
const noGroup = "(no group)";

/**
 * Trims one shard's stream as far as it may be.
 *
 * @param mayGoOn false when time or calls are used up: no further page is begun
 * @throws {TransientError} Redis or Postgres is not reachable; what was trimmed was allowed to be
 */
export async function trimShard(
  invocation: StreamInvocation,
  shard: number,
  mayGoOn: () => boolean,
): Promise<TrimReport> {
  const { keys, retention, consumers, log } = invocation;
  const { redis, redisNumber } = ofShard(invocation, shard);
  const stream = keys.stream(shard);
  const registered = [...consumers.values()].map((consumer) => consumer.group);
  const positions = await readPositions(redis, stream);
  if (positions === null) return emptyReport(shard);
  // First, so that what another program trimmed and nobody needs is not taken for lost.
  const cut = await restoreTrimmedByOthers({ ...invocation, redis, settings: invocation.relay }, shard);
  const { limit, group } = limitOf(positions.groups, registered);
  const noted = await trimmedUpTo(invocation, shard, redisNumber);
  const trimming: Trimming = {
    invocation,
    shard,
    stream,
    redis,
    registered,
    length: positions.length,
    trimmedTo: noted !== null && cut !== null && compareMessageIds(noted, cut.upTo) < 0 ? cut.upTo : noted,
    archived: 0,
    restored: cut?.restored ?? 0,
    refusedBy: null,
  };
  const keep = retention.streamKeep;
  let reached = limit === null;
  while (limit !== null && !reached && trimming.length > keep && mayGoOn())
    reached = await trimPage(trimming, limit);
  const { length, archived, restored, refusedBy } = trimming;
  const report = {
    shard,
    before: positions.length,
    trimmed: Math.max(0, positions.length - length),
    kept: length,
    archived,
    restored,
    heldBackBy: refusedBy ?? (reached && length > keep ? group : null),
    more: !reached && length > keep,
  };
  if (restored > 0) {
    log.error({ shard, restored }, `The stream lost ${restored} events that were sent. They are sent again.`);
  }
  await tellOfBacklog(invocation, report);
  return report;
}

/** How far the trimming of one stream has come. */
interface Trimming {
  readonly invocation: StreamInvocation;
  readonly shard: number;
  readonly stream: string;
  readonly redis: RedisHttp;
  /** Groups of the consumers that there are. */
  readonly registered: readonly string[];
  /** Entries of the stream. */
  length: number;
  /** The last entry that was let go; null: the relay has never sent anything there. */
  trimmedTo: MessageId | null;
  archived: number;
  restored: number;
  /** The group that still needs what was to be trimmed; null: none said so. */
  refusedBy: string | null;
}

/**
 * Trims the oldest page of what nobody needs.
 *
 * @param limit the first id that somebody needs
 * @returns true when there is nothing more that may be trimmed
 */
async function trimPage(trimming: Trimming, limit: MessageId): Promise<boolean> {
  const { invocation, shard, stream, redis, registered, trimmedTo } = trimming;
  const keep = invocation.retention.streamKeep;
  const count = Math.min(pageSize, trimming.length - keep);
  const whole = await readHeads(redis, stream, "-", `(${limit}`, count);
  if (whole.length === 0) return true;
  const { kept, page } = await keepForeign(invocation, redis, stream, whole);
  const last = page.at(-1);
  if (last === undefined) return true;
  trimming.archived += kept;
  if (trimmedTo !== null) {
    const stretch = { behind: trimmedTo, to: last.id, page, waiting: [] };
    trimming.restored += (await compareStretch(invocation, shard, stretch)).restored;
    await noteTrimmed(invocation, shard, last.id);
  }
  const answer = await trimStream(redis, stream, {
    last: last.id,
    count: page.length,
    keep,
    groups: registered,
  });
  if (answer.kind === "refused") {
    if (trimmedTo !== null && answer.group !== null) {
      await takeBackNote(invocation, shard, last.id, trimmedTo);
    }
    trimming.refusedBy = answer.group;
    return true;
  }
  trimming.length = answer.length;
  if (trimmedTo !== null) trimming.trimmedTo = last.id;
  return page.length === whole.length && whole.length < count;
}

function emptyReport(shard: number): TrimReport {
  return { shard, before: 0, trimmed: 0, kept: 0, archived: 0, restored: 0, heldBackBy: null, more: false };
}

/**
 * The first id that somebody needs, and who; `limit` null when a registered group does not exist yet, or no group at
 * all: then everything is needed.
 */
function limitOf(
  groups: readonly GroupPosition[],
  registered: readonly string[],
): { readonly limit: MessageId | null; readonly group: string } {
  const missing = registered.find((name) => !groups.some(({ group }) => group === name));
  if (missing !== undefined) return { limit: null, group: missing };
  let limit: MessageId | null = null;
  let slowest = noGroup;
  for (const position of groups) {
    const needed = neededFrom(position);
    if (limit !== null && compareMessageIds(needed, limit) >= 0) continue;
    limit = needed;
    slowest = position.group;
  }
  return { limit, group: slowest };
}

/**
 * Stores the entries that the record does not hold.
 *
 * @returns how many, and the page up to where they came: its first part, when they were too large for more
 */
async function keepForeign(
  { db }: Invocation,
  redis: RedisHttp,
  stream: string,
  page: readonly EntryHead[],
): Promise<{ readonly kept: number; readonly page: readonly EntryHead[] }> {
  const eventIds = JSON.stringify(page.map((head) => head.eventId).filter((id) => isUuid(id)));
  const recorded = await db.rows<{ id: string }>(sql`
    SELECT e.id::text AS id FROM json_array_elements_text(${eventIds}::json) AS given(id)
    JOIN events e ON e.id = given.id::uuid`);
  const known = new Set(recorded.map((row) => row.id));
  const foreign = page.filter(({ eventId }) => !known.has(eventId.toLowerCase()));
  let kept = 0;
  for (let parts = 0; parts < partsOfAPage && kept < foreign.length; parts += 1) {
    const ids = foreign.slice(kept, kept + bodiesAtOnce).map(({ id }) => id);
    const { count, entries } = await readPart(redis, stream, ids);
    kept += count;
    const rows = JSON.stringify(
      entries.map(({ id, fields }) => {
        const raw = cleanFields(fieldsToObject(fields ?? []));
        const beside = besideId(id, raw.id ?? JSON.stringify(raw));
        const row = { stream_message_id: id, beside, event_id: short(raw.id), event_type: short(raw.type) };
        return { ...row, raw_fields: raw };
      }),
    );
    await db.rows(sql`
      INSERT INTO archived_entries (stream_name, stream_message_id, event_id, event_type, raw_fields)
      SELECT ${stream}, ${archivedPlace(sql`${stream}`)}, g.event_id, g.event_type, g.raw_fields
      FROM json_to_recordset(${rows}::json) AS g(stream_message_id text, beside text, event_id text, event_type text,
        raw_fields jsonb)
      ON CONFLICT (stream_name, stream_message_id) DO NOTHING`);
  }
  const next = foreign[kept];
  return { kept, page: next === undefined ? page : page.slice(0, page.indexOf(next)) };
}

const short = (text: string | undefined) => text?.slice(0, 255).toWellFormed() ?? null;

/** How far the stream was trimmed; null when the relay has never sent anything there: then nothing can be lost. */
async function trimmedUpTo(
  { db }: Invocation,
  shard: number,
  redisNumber: number,
): Promise<MessageId | null> {
  const [row] = await db.rows<{ id: string; number: number | null }>(
    sql`SELECT r.trimmed_ms || '-' || r.trimmed_seq AS id, ${recordedNumber} AS number
      FROM relay_shards r WHERE r.shard = ${shard}`,
  );
  requireNumber(shard, row?.number ?? null, redisNumber);
  return isMessageId(row?.id) ? row.id : null;
}

/** Notes how far the stream is about to be trimmed. Never moves the note back: another trim may have gone further. */
async function noteTrimmed({ db }: Invocation, shard: number, id: MessageId): Promise<void> {
  await db.rows(sql`
    UPDATE relay_shards SET (trimmed_ms, trimmed_seq) = ${idValue(id)}
    WHERE shard = ${shard} AND (trimmed_ms, trimmed_seq) < ${idValue(id)}`);
}

/** A group still needs what was noted, so nothing of it may count as let go. */
async function takeBackNote(
  { db }: Invocation,
  shard: number,
  noted: MessageId,
  before: MessageId,
): Promise<void> {
  await db.rows(sql`
    UPDATE relay_shards SET (trimmed_ms, trimmed_seq) = ${idValue(before)}
    WHERE shard = ${shard} AND (trimmed_ms, trimmed_seq) = ${idValue(noted)}`);
}

/** Raises an alert while a group keeps a stream long, and ends the ones of this shard that are over. */
async function tellOfBacklog(invocation: Invocation, { shard, kept, heldBackBy }: TrimReport): Promise<void> {
  const { streamKeep } = invocation.retention;
  const isLong = heldBackBy !== null && kept > 2 * streamKeep + toleratedBacklog;
  const subject = `${heldBackBy}:${shard}`;
  if (isLong) {
    await raiseAlert(invocation, {
      kind: "trim_held_back",
      subject,
      severity: "warning",
      message: `The stream of shard ${shard} holds ${kept} entries, expected about ${streamKeep}: ${heldBackBy} has not handled the oldest ones. Look at the states of the consumers; a group that nobody uses any more can be removed with XGROUP DESTROY.`,
    });
  }
  await resolveOthers(invocation, "trim_held_back", `:${shard}`, isLong ? [subject] : []);
}

/**
 * For whoever has just seen that a stream is long: trims when it is longer than twice what is kept, at most every 5 s
 * for a shard, wherever the calls come from. @returns null when it was not time
 */
export async function trimIfLong(
  invocation: StreamInvocation,
  shard: number,
  length: number,
  deadlineMs: number,
): Promise<TrimReport | null> {
  const { databases, keys, retention, now, meter } = invocation;
  if (length <= 2 * retention.streamKeep) return null;
  const turn = await databases
    .of(shard)
    .command(["SET", keys.trimmed(shard), "1", "NX", "PX", String(trimPauseMs)]);
  if (turn !== "OK") return null;
  return trimShard(invocation, shard, () => now() < deadlineMs && !meter.isNear(callsOfAPage));
}

/** Calls that checking and trimming one page takes at most. */
export const callsOfAPage = 28;

/** The shards that have, or had, a stream. */
export async function shardsInUse({ db, publish }: Invocation): Promise<number[]> {
  const rows = await db.rows<{ shard: number }>(sql`SELECT shard FROM relay_shards ORDER BY shard`);
  const configured = Array.from({ length: publish.shards }, (_, shard) => shard);
  return [...new Set([...configured, ...rows.map((row) => row.shard)])].sort((a, b) => a - b);
}
