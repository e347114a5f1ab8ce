import { compareMessageIds, isMessageId, type MessageId } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { raiseAlert, resolveOthers } from "../alerts/alerts.ts";
import { byId, entryId, idParts, sentBetween, sentEvents, unsendParts } from "../db/stream-ids.ts";
import { type Invocation, ofShard, type StreamInvocation } from "../invocation.ts";
import { recordedNumber, requireNumber } from "../relay/shard-databases.ts";
import { restoreTrimmedByOthers } from "../relay/trimmed-by-others.ts";
import {
  parseStreamState,
  type StreamState,
  strangersIn,
  streamStateCommand,
} from "../stream/group-states.ts";
import { type EntryHead, readHeads } from "../stream/trim.ts";
import { type ClaimsReport, compareClaims, type PendingIds, readPending } from "./compare-claims.ts";

/*
 * Compares the record with the claims (see `compareClaims`), and with the stream. A Redis that fails over may come back
 * without entries that it had confirmed, and the stream's last id shows only a lost tail that nobody has written behind. What is missing becomes unsent again; the
 * relay sends it under new ids, and claims keep effects from repeating.
 *
 * An event sent again comes behind the later events of its key that were not lost. Consumers that need the order see
 * that as they see any late event; the alternative would be not to deliver it.
 */

/** What was found on one shard. */
export interface ReconcileReport {
  readonly shard: number;
  /** Events of the record that should be on the stream. */
  readonly checked: number;
  readonly missing: number;
  /** Of the missing ones, those that are sent again. The others are older than the claims, or pending in a group. */
  readonly restored: number;
  /** Of each consumer that has begun on the shard: what its group has passed and nobody has handled. */
  readonly claims: readonly ClaimsReport[];
  /** Registered groups that the stream does not have; the next drain creates each. */
  readonly missingGroups: readonly string[];
  /** Time was used up before all was compared. */
  readonly more: boolean;
}

/** Entries compared at once. */
const pageSize = 1_000;
/** Events made unsent at once. */
const restoreAtOnce = 5_000;
/** Calls that comparing one page takes. */
const callsOfAPage = 4;
const dayMs = 86_400_000;

export interface Compared {
  readonly checked: number;
  readonly missing: number;
  readonly restored: number;
}

/**
 * Compares one shard's stream with the record, and makes unsent again what the stream has lost. Atomic by page;
 * repeating it is harmless, also while the relay sends.
 *
 * @param mayGoOn false when time or calls are used up: no further page is begun
 * @throws {TransientError} Redis or Postgres is not reachable
 * @throws {MisplacedShardError} the settings have the shard on another Redis database; nothing was compared
 */
export async function reconcileShard(
  invocation: StreamInvocation,
  shard: number,
  mayGoOn: () => boolean,
): Promise<ReconcileReport> {
  const { db, keys, consumers } = invocation;
  const { redis, redisNumber } = ofShard(invocation, shard);
  const stream = keys.stream(shard);
  // First, so that what another program trimmed and nobody needs is not taken for lost.
  const cut = await restoreTrimmedByOthers({ ...invocation, redis, settings: invocation.relay }, shard);
  const [bounds] = await db.rows<{ trimmed: string; known: string; number: number | null }>(sql`
    SELECT r.trimmed_ms || '-' || r.trimmed_seq AS trimmed, r.known_ms || '-' || r.known_seq AS known,
      ${recordedNumber} AS number
    FROM relay_shards r WHERE r.shard = ${shard}`);
  requireNumber(shard, bounds?.number ?? null, redisNumber);
  const [left, stateReply] = await redis.pipeline([
    ["GET", keys.compared(shard)],
    streamStateCommand(stream),
  ]);
  const state = parseStreamState(stateReply);
  const missingGroups = [...consumers.values()]
    .map(({ group }) => group)
    .filter((name) => state !== null && !state.groups.some(({ group }) => group === name));
  const pending: PendingIds =
    state === null ? new Map() : await readPending(invocation, redis, stream, state);
  if (state !== null) await tellOfStrangers(invocation, shard, state);
  const claims = state === null ? [] : await compareClaims(invocation, shard, { state, pending }, mayGoOn);
  const waiting = [...new Set([...pending.values()].flat())];
  const total = { checked: 0, missing: cut?.restored ?? 0, restored: cut?.restored ?? 0 };
  let more = false;
  if (bounds !== undefined && isMessageId(bounds.trimmed) && isMessageId(bounds.known)) {
    // Read before the stream: whatever the record holds as sent up to here was on the stream before we look.
    const { known } = bounds;
    let behind: MessageId | null = startOf(later(bounds.trimmed, cut?.upTo), known, left);
    while (behind !== null && compareMessageIds(behind, known) < 0) {
      if (!mayGoOn()) {
        more = true;
        // The next run goes on here; the one after it begins anew.
        await redis.command(["SET", keys.compared(shard), behind, "PX", String(dayMs)]);
        break;
      }
      const page: EntryHead[] = await readHeads(redis, stream, `(${behind}`, known, pageSize);
      const to: MessageId = page.length === pageSize ? (page.at(-1)?.id ?? known) : known;
      const compared = await compareStretch(invocation, shard, { behind, to, page, waiting });
      total.checked += compared.checked;
      total.missing += compared.missing;
      total.restored += compared.restored;
      behind = page.length === pageSize ? to : null;
    }
  }
  if (!more && left !== null) await redis.command(["DEL", keys.compared(shard)]);
  tell(invocation, shard, total, missingGroups);
  return { shard, ...total, claims, missingGroups, more: more || claims.some((report) => report.more) };
}

function later(a: MessageId, b: MessageId | undefined): MessageId {
  return b === undefined || compareMessageIds(a, b) >= 0 ? a : b;
}

/** Where an earlier run had to stop, when that lies between what was trimmed and what is known. */
function startOf(trimmed: MessageId, known: MessageId, left: unknown): MessageId {
  if (!isMessageId(left) || compareMessageIds(left, trimmed) < 0) return trimmed;
  return compareMessageIds(left, known) < 0 ? left : trimmed;
}

/** A stretch of a stream. */
export interface Stretch {
  /** The id before the first one. */
  readonly behind: MessageId;
  /** The last id; every event that the record holds as sent up to here was sent before the page was read. */
  readonly to: MessageId;
  /** All entries of the stream in between. */
  readonly page: readonly EntryHead[];
  /**
   * What groups hold pending. Its bodies are found in the record, as long as it keeps these ids; who else needs the event
   * gets it when it is no longer pending.
   */
  readonly waiting: readonly MessageId[];
}

/**
 * Compares one stretch, and makes unsent again what is missing there.
 *
 * @throws {TransientError} Postgres is not reachable
 */
export async function compareStretch(
  invocation: Invocation,
  shard: number,
  stretch: Stretch,
): Promise<Compared> {
  const first = await compareOnce(invocation, shard, stretch);
  let { restored } = first;
  for (let last = restored; last === restoreAtOnce; restored += last) {
    last = (await compareOnce(invocation, shard, stretch)).restored;
  }
  return { ...first, restored };
}

/**
 * One stretch of ids: the events that were sent under them, against the entries that stand there. An entry under the
 * id of an event that is not that event does not count.
 *
 * The condition on the stream id makes it safe without the relay's lease: a row that is sent again meanwhile has
 * another id. That on `trimmed` makes it safe beside a trim: the trim is noted before it happens.
 *
 * When the last entry that the relay knows of is among them, the relay is told of the last one that is there, so that
 * it does not find the loss once more.
 */
async function compareOnce(
  { db, retention }: Invocation,
  shard: number,
  { behind, to, page, waiting }: Stretch,
): Promise<Compared> {
  const present = JSON.stringify(page.map(({ id, eventId }) => ({ id, event_id: eventId.toLowerCase() })));
  const [row] = await db.rows<Compared>(sql`
    WITH present AS MATERIALIZED (
      SELECT p.id, p.event_id FROM json_to_recordset(${present}::json) AS p(id text, event_id text)
    ), sent AS MATERIALIZED (
      SELECT e.position, e.id::text AS event_id, ${entryId} AS stream_message_id, s.ms, s.seq, e.stored_at
      FROM ${sentEvents}
      WHERE ${sentBetween(shard, behind, to)}
    ), missing AS MATERIALIZED (
      SELECT s.* FROM sent s
      WHERE NOT EXISTS (SELECT FROM present p WHERE p.id = s.stream_message_id AND p.event_id = s.event_id)
    ), chosen AS (
      SELECT m.position, m.ms, m.seq FROM missing m, relay_shards r
      WHERE r.shard = ${shard}
        AND (m.ms, m.seq) > (r.trimmed_ms, r.trimmed_seq)
        AND (m.stream_message_id <> ALL(${sql.param([...waiting])}::text[])
          OR (m.ms, m.seq) = (r.known_ms, r.known_seq))
        AND m.stored_at > now() - ${retention.dedupDays}::integer * interval '1 day'
      ORDER BY m.position LIMIT ${restoreAtOnce}
    ), ${unsendParts("chosen")}, lost_known AS (
      SELECT r.known_ms, r.known_seq FROM relay_shards r
      WHERE r.shard = ${shard}
        AND EXISTS (SELECT FROM chosen c WHERE (c.ms, c.seq) = (r.known_ms, r.known_seq))
    ), still_known AS (
      SELECT ids.ms, ids.seq FROM lost_known k, (
        SELECT ${byId(sql`p.id`)} FROM present p UNION ALL SELECT ${idParts(behind)}
      ) ids(ms, seq)
      WHERE (ids.ms, ids.seq) < (k.known_ms, k.known_seq) ORDER BY ids.ms DESC, ids.seq DESC LIMIT 1
    ), lowered AS (
      UPDATE relay_shards r SET known_ms = s.ms, known_seq = s.seq FROM still_known s, lost_known k
      WHERE r.shard = ${shard} AND r.known_ms = k.known_ms AND r.known_seq = k.known_seq
    )
    SELECT (SELECT count(*) FROM sent)::integer AS checked, (SELECT count(*) FROM missing)::integer AS missing,
      (SELECT count(*) FROM restored)::integer AS restored`);
  return row ?? { checked: 0, missing: 0, restored: 0 };
}

function tell(
  { log }: Invocation,
  shard: number,
  { checked, missing, restored }: Compared,
  missingGroups: readonly string[],
): void {
  const fields = { shard, checked, missing, restored, missing_groups: missingGroups.join(" ") || undefined };
  if (missing > restored) {
    log.error(
      fields,
      `The stream lost ${missing} events that were sent; ${restored} are sent again, the others are older than the claims, or are pending and come from the record.`,
    );
  } else if (missing > 0) {
    log.error(
      fields,
      `The stream lost ${missing} events that were sent. They are sent again from the record.`,
    );
  } else {
    log.info(fields, `Record and stream compared: ${checked} events, 0 missing.`);
  }
}

async function tellOfStrangers(invocation: Invocation, shard: number, state: StreamState): Promise<void> {
  const ours = new Set([...invocation.consumers.values()].map(({ group }) => group));
  const found: string[] = [];
  for (const group of state.groups) {
    const strangers = ours.has(group.group) ? strangersIn(group) : [];
    if (strangers.length === 0) continue;
    const subject = `${group.group}:${shard}`;
    found.push(subject);
    await raiseAlert(invocation, {
      kind: "foreign_reader",
      subject,
      severity: "critical",
      message: `${strangers.map((name) => `"${name.slice(0, 60)}"`).join(", ")} read in the group ${group.group} on shard ${shard}, which belongs to a consumer of this system alone. What it acked is delivered again by the comparison of record and claims. Give that program a group of its own; then XGROUP DELCONSUMER ${invocation.keys.stream(shard)} ${group.group} {name}.`,
    });
  }
  await resolveOthers(invocation, "foreign_reader", `:${shard}`, found);
}

/** True when comparing another page fits into what the invocation may do. */
export function mayReconcile({ now, meter }: Invocation, deadlineMs: number): boolean {
  return now() < deadlineMs && !meter.isNear(callsOfAPage);
}
