import {
  type Catalog,
  compareMessageIds,
  isMessageId,
  type MessageId,
  previousMessageId,
} from "@brain/schemas";
import { sql } from "drizzle-orm";
import { raiseAlert, resolveOthers } from "../alerts/alerts.ts";
import { namesOfType } from "../consume/apply/judge-claims.ts";
import type { Consumer } from "../consume/consumer.ts";
import { anyType, subscribedTypes, watchesEntries } from "../consume/define/define-consumer.ts";
import { deferring } from "../consume/lease/deferred-signal.ts";
import { besideId } from "../core/beside-ids.ts";
import { isUnderItsId } from "../db/of-event.ts";
import { entryId, idIn, inStreamOrder, sentBetween, sentEvents, sentId } from "../db/stream-ids.ts";
import type { Invocation, StreamInvocation } from "../invocation.ts";
import { parsePending, pendingRangeCommand } from "../stream/group.ts";
import type { GroupState, StreamState } from "../stream/group-states.ts";
import type { RedisHttp } from "../stream/redis.ts";

/*
 * Compares the record with the claims. That a group has passed an event says only that somebody acked it: a program that
 * reads in our group by mistake, or an operator with XACK or XGROUP SETID, makes events disappear of which no consumer
 * ever heard. What a group has passed must have left something with us: a claim, a dead letter, or a deferred
 * delivery; or it is still pending. An event of which there is nothing is delivered again, to this consumer alone.
 *
 * The order of the looks makes it safe beside drains: first how far the group is, then what is pending, then Postgres. What
 * was handled meanwhile was pending, or was acked before the first look and left its trace before its ack.
 *
 * Each consumer on each shard has an id up to which all is compared, so that a run looks at what came since the last
 * one; it does not go past what is pending. A type that a consumer did not handle before is compared from the id where
 * the comparison first sees it, because the events before were rightly passed over.
 */

/** What was found for one consumer on one shard. */
export interface ClaimsReport {
  readonly subscriber: string;
  /** Events of its types that its group has passed since the last comparison. */
  readonly checked: number;
  /** Of these, the ones of which there is no trace; all of them are delivered again. */
  readonly missing: number;
  /** Time was used up, or too much was missing, before all was compared. */
  readonly more: boolean;
}

const ofPage = { id: sql`p.event_id`, messageId: sql`p.stream_message_id` };

/** Events compared in one statement. */
const pageSize = 5_000;
/** Events delivered again in one statement, and in one run. */
const deferredAtOnce = 1_000;
const deferredInRun = 10_000;
/** No more is ever pending in a group of ours; a stranger may have more. */
const maxPending = 1_000;

/** What a consumer's row of `consumer_shards` knows of the comparison; null where none was made yet. */
interface Compared {
  readonly subscriber: string;
  readonly claims_id: string | null;
  readonly claims_since: Readonly<Record<string, MessageId>> | null;
}

/** The ids that are pending in each group, oldest first. */
export type PendingIds = ReadonlyMap<string, readonly MessageId[]>;

/** Lists what is pending in the groups of ours that have something pending; one round trip, or none. */
export async function readPending(
  { consumers }: Invocation,
  redis: RedisHttp,
  stream: string,
  state: StreamState,
): Promise<PendingIds> {
  const ours = new Set([...consumers.values()].map(({ group }) => group));
  const busy = state.groups.filter(({ group, oldestPending }) => ours.has(group) && oldestPending !== null);
  const replies = await redis.pipeline(
    busy.map(({ group }) => pendingRangeCommand(stream, group, "-", "+", maxPending)),
  );
  return new Map(
    replies.map((reply, index) => {
      if (reply instanceof Error) throw reply;
      return [busy[index]?.group ?? "", parsePending(reply).map(({ id }) => id)];
    }),
  );
}

/**
 * Compares what the groups of a shard have passed with what is known of it, and delivers again what nobody handled.
 *
 * @param state read before `pending`
 * @param mayGoOn false when time or calls are used up: no further page is begun
 * @throws {TransientError} Redis or Postgres is not reachable; what was deferred is right
 */
export async function compareClaims(
  invocation: StreamInvocation,
  shard: number,
  { state, pending }: { readonly state: StreamState; readonly pending: PendingIds },
  mayGoOn: () => boolean,
): Promise<ClaimsReport[]> {
  const rows = await invocation.db.rows<Compared>(sql`
    SELECT subscriber_name AS subscriber, claims_id, claims_since FROM consumer_shards s
    WHERE shard = ${shard} AND start_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM consumer_pauses p
        WHERE p.subscriber_name = s.subscriber_name AND p.event_type = '' AND p.actor_id = 'rename_subscriber')`);
  const known = new Map(rows.map((row) => [row.subscriber, row]));
  const reports: ClaimsReport[] = [];
  for (const consumer of invocation.consumers.values()) {
    const group = state.groups.find((found) => found.group === consumer.group);
    const before = known.get(consumer.subscriber);
    // What has not begun has passed nothing, what has another name by now has its traces there, and who watches entries
    // claims nothing.
    if (watchesEntries(consumer)) continue;
    if (group === undefined || before === undefined) continue;
    const groupOnShard = { consumer, shard, group, pending: pending.get(consumer.group) ?? [] };
    reports.push(await compareConsumer(invocation, groupOnShard, before, mayGoOn));
  }
  await tellOfMissing(invocation, shard, reports);
  return reports;
}

interface GroupOnShard {
  readonly consumer: Consumer;
  readonly shard: number;
  readonly group: GroupState;
  readonly pending: readonly MessageId[];
}

async function compareConsumer(
  invocation: StreamInvocation,
  groupOnShard: GroupOnShard,
  before: Compared,
  mayGoOn: () => boolean,
): Promise<ClaimsReport> {
  const { consumer, shard, group, pending } = groupOnShard;
  const { subscriber } = consumer;
  const passed = group.lastDelivered;
  const since = sinceOf(invocation.catalog, consumer, before.claims_since, passed);
  // A list that is cut off says nothing of what is behind its end.
  const lastListed = pending.length >= maxPending ? pending.at(-1) : undefined;
  const upTo = lastListed === undefined ? passed : earlier(lastListed, passed);
  const from = isMessageId(before.claims_id) ? before.claims_id : upTo;
  const total = { checked: 0, missing: 0 };
  let reached = from;
  while (compareMessageIds(reached, upTo) < 0 && total.missing < deferredInRun && mayGoOn()) {
    const stretch = { behind: reached, upTo, since };
    const seen = await comparePage(invocation, groupOnShard, stretch, null);
    const page =
      seen.missing === 0
        ? seen
        : await deferring(invocation, [consumer.group], invocation.publish.shards, () =>
            comparePage(invocation, groupOnShard, stretch, seen.found),
          );
    total.checked += page.checked;
    total.missing += page.missing;
    reached = page.reached ?? upTo;
  }
  const oldest = pending[0];
  const finished = oldest === undefined ? reached : earlier(reached, previousMessageId(oldest));
  await invocation.db.rows(sql`
    UPDATE consumer_shards SET claims_id = ${later(from, finished)}, claims_since = ${JSON.stringify(since)}::jsonb
    WHERE subscriber_name = ${subscriber} AND shard = ${shard}`);
  return { subscriber, ...total, more: compareMessageIds(reached, upTo) < 0 };
}

/**
 * Behind which id the events of each type must have left a trace. Another name of a type that was handled before is no new
 * type: while two releases run, the one before passes over events that the other has renamed, and acks them.
 */
function sinceOf(
  catalog: Catalog,
  consumer: Consumer,
  before: Compared["claims_since"],
  passed: MessageId,
): Readonly<Record<string, MessageId>> {
  return Object.fromEntries(
    subscribedTypes(consumer).flatMap((type) => {
      const names = namesOfType(catalog, type);
      const known = names.flatMap((name) => before?.[name] ?? []).toSorted(compareMessageIds);
      return names.map((name) => [name, before?.[name] ?? known[0] ?? passed]);
    }),
  );
}

interface Page {
  readonly checked: number;
  readonly missing: number;
  /** Those that are missing; null: none. */
  readonly found: readonly { readonly eventId: string; readonly messageId: MessageId }[] | null;
  /** The last id that was compared; null when the stretch came to its end. */
  readonly reached: MessageId | null;
}

/**
 * One stretch of what a group has passed. An event that was sent twice, or redriven under another id, is known by its own
 * id. The first look only counts; when something is missing, the second delivers it. The unique keys of deferred deliveries
 * and claims make a second run at the same time harmless.
 *
 * @param found what the first look found, to be delivered; null: this is the first one
 *
 * EXPLAIN (PostgreSQL 18, 300,000 events, half of them of a handled type with a claim each, a page of 5,000): the page by
 * stream_entries_id_idx in its order, the claims by uq_subscriber_event_id; 45 ms with and without ANALYZE, on a busy
 * machine. Joining the page with the ids of the types before its LIMIT read and sorted all that was left, 1.7 s.
 */
async function comparePage(
  { db, keys, retention }: Invocation,
  { consumer, shard, pending }: GroupOnShard,
  stretch: {
    readonly behind: MessageId;
    readonly upTo: MessageId;
    readonly since: Readonly<Record<string, MessageId>>;
  },
  found: Page["found"],
): Promise<Page> {
  const { subscriber } = consumer;
  const since = JSON.stringify(stretch.since);
  const besides = JSON.stringify(
    (found ?? []).map(({ eventId, messageId }) => ({
      event_id: eventId,
      beside: besideId(messageId, eventId),
    })),
  );
  const types = sql.param(Object.keys(stretch.since));
  const isHandled = consumer.any === null ? sql`e.type = ANY(${types}::text[])` : sql`true`;
  const [row] = await db.rows<Page>(sql`
    WITH page AS MATERIALIZED (
      SELECT e.id::text AS event_id, e.type, e.tenant_id, e.key, e.stored_at, ${entryId} AS stream_message_id,
        s.ms, s.seq, ${sentId} > ${idIn(sql`coalesce(${since}::jsonb ->> e.type, ${since}::jsonb ->> ${anyType})`)} AS counts
      FROM ${sentEvents}
      WHERE ${sentBetween(shard, stretch.behind, stretch.upTo)} AND ${isHandled}
      ORDER BY ${inStreamOrder} LIMIT ${pageSize}
    ), missing AS MATERIALIZED (
      SELECT p.* FROM page p
      WHERE p.counts AND p.stored_at > now() - ${retention.dedupDays}::integer * interval '1 day'
        AND p.stream_message_id <> ALL(${sql.param([...pending])}::text[])
        AND NOT EXISTS (SELECT FROM processed_events c
          WHERE c.subscriber_name = ${subscriber} AND c.event_id = p.event_id)
        AND NOT EXISTS (SELECT FROM processed_events c
          WHERE c.subscriber_name = ${subscriber} AND ${isUnderItsId(sql`c`, ofPage)})
        AND NOT EXISTS (SELECT FROM replay_claims c
          WHERE c.subscriber_name = ${subscriber} AND c.event_id = p.event_id)
        AND NOT EXISTS (SELECT FROM dead_letters l
          WHERE l.subscriber_name = ${subscriber} AND l.event_id = p.event_id)
        AND NOT EXISTS (SELECT FROM dead_letters l
          WHERE l.subscriber_name = ${subscriber} AND ${isUnderItsId(sql`l`, ofPage)})
        AND NOT EXISTS (SELECT FROM deliveries d
          WHERE d.subscriber_name = ${subscriber} AND (d.event_id = p.event_id OR ${isUnderItsId(sql`d`, ofPage)}))
      ORDER BY p.ms, p.seq LIMIT ${deferredAtOnce}
    ), queued AS (
      INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, tenant_id,
        key, cause)
      SELECT ${subscriber}, ${shard}, ${keys.stream(shard)}, CASE WHEN EXISTS (SELECT FROM deliveries d
          WHERE d.subscriber_name = ${subscriber} AND d.stream_message_id = m.stream_message_id AND d.replay_epoch = 0)
        THEN f.beside ELSE m.stream_message_id END, m.event_id, m.type, m.tenant_id, m.key, 'missed'
      FROM missing m JOIN json_to_recordset(${besides}::json) AS f(event_id text, beside text) ON f.event_id = m.event_id
      ORDER BY m.ms, m.seq
      ON CONFLICT (subscriber_name, stream_message_id, replay_epoch) DO NOTHING
    ), ends AS (
      SELECT CASE
        WHEN (SELECT count(*) FROM missing) >= ${deferredAtOnce} THEN (SELECT stream_message_id FROM missing
          ORDER BY ms DESC, seq DESC LIMIT 1)
        WHEN (SELECT count(*) FROM page) >= ${pageSize} THEN (SELECT stream_message_id FROM page
          ORDER BY ms DESC, seq DESC LIMIT 1)
        END AS reached
    )
    SELECT (SELECT count(*) FROM page WHERE counts)::integer AS checked, (SELECT count(*) FROM missing)::integer AS missing,
      (SELECT json_agg(json_build_object('eventId', event_id, 'messageId', stream_message_id)) FROM missing) AS found,
      (SELECT reached FROM ends) AS reached`);
  return row ?? { checked: 0, missing: 0, found: null, reached: null };
}

async function tellOfMissing(
  invocation: Invocation,
  shard: number,
  reports: readonly ClaimsReport[],
): Promise<void> {
  const found: string[] = [];
  for (const { subscriber, missing } of reports) {
    if (missing === 0) continue;
    const subject = `${subscriber}:${shard}`;
    found.push(subject);
    await raiseAlert(invocation, {
      kind: "claims_missing",
      subject,
      severity: "critical",
      message: `${missing} events were acked in the group of ${subscriber} on shard ${shard}, and nobody has handled them. They are delivered again. Another program reads or acks in this group, or somebody moved it: XINFO CONSUMERS shows who reads there.`,
    });
  }
  await resolveOthers(invocation, "claims_missing", `:${shard}`, found);
}

function earlier(a: MessageId, b: MessageId): MessageId {
  return compareMessageIds(a, b) <= 0 ? a : b;
}

function later(a: MessageId, b: MessageId): MessageId {
  return compareMessageIds(a, b) >= 0 ? a : b;
}
