import {
  alertsInTransaction,
  type Database,
  type EnvelopeRow,
  foreignEnvelope,
  namesOfType,
  outgoingColumns,
} from "@brain/engine";
import type { Catalog, JsonObject } from "@brain/schemas";
import { type SQL, sql } from "drizzle-orm";
import { triesOfDelivery } from "./store.ts";
import type { AttemptNote } from "./tables.ts";

/** What the job asks, outside of transactions: one round trip each. Times are judged by the database's clock. */

/** Events looked at in one statement. */
const pageSize = 500;

/**
 * Whether endpoint `w` wants events of the type in a column, under any name of that type. A release may have renamed the
 * type since the endpoint was made, and during a rolling deploy the older release still records the older name.
 */
const wants = (
  column: string,
  names: OtherNames,
): SQL => sql`EXISTS (SELECT FROM jsonb_array_elements_text(w.event_types) AS t(name), jsonb_array_elements_text(coalesce(
            ${JSON.stringify(names)}::jsonb -> ${sql.raw(column)}, jsonb_build_array(${sql.raw(column)}))) AS e(type)
          WHERE e.type LIKE replace(replace(t.name, '_', '\\_'), '*', '%'))`;

/** Of each name of a type that has several, all of them. */
export type OtherNames = Readonly<Record<string, readonly string[]>>;

export function otherNames(
  catalog: Pick<Catalog, "readAliases" | "dualNames" | "canonicalType">,
): OtherNames {
  const known = [...catalog.readAliases, ...catalog.dualNames].flat();
  return Object.fromEntries(known.map((name) => [name, namesOfType(catalog, name)]));
}

/**
 * Makes a delivery of each event that was sent since the last time, for each endpoint that wants it, and moves the
 * cursors: all of it or nothing. Two at once make the same deliveries, which are there once.
 *
 * @returns `full`: there may be more; `entries`: there may be some of other programs, for {@link makeEntryDeliveries}
 */
export async function makeDeliveries(
  db: Database,
  names: OtherNames,
): Promise<{ readonly full: boolean; readonly entries: boolean }> {
  const [row] = await db.rows<{ full: boolean; entries: boolean }>(sql`
    WITH page AS MATERIALIZED (
      SELECT e.* FROM relay_shards r LEFT JOIN webhook_cursors c ON c.shard = r.shard
        CROSS JOIN LATERAL (
          SELECT x.id, x.type, x.tenant_id, x.stored_at, s.shard, s.ms, s.seq
          FROM stream_entries s
            CROSS JOIN LATERAL (SELECT * FROM events o WHERE o.position = s.position LIMIT 1) x
          WHERE s.shard = r.shard AND (s.ms, s.seq) > (coalesce(c.ms, 0), coalesce(c.seq, 0))
          ORDER BY s.ms, s.seq LIMIT ${pageSize}::integer
        ) e
    ), made AS (
      INSERT INTO webhook_deliveries (endpoint_id, event_id, event_type, status, attempt, attempt_limit, due_at, attempts, created_at)
      SELECT w.id, p.id, p.type, 'waiting', 0, ${triesOfDelivery}::integer, now(), '[]', now()
      FROM page p JOIN webhook_endpoints w ON w.status = 'enabled' AND w.enabled_at <= p.stored_at
        AND (w.tenant_id IS NULL OR w.tenant_id = p.tenant_id) AND ${wants("p.type", names)}
      ORDER BY p.shard, p.ms, p.seq, w.id
      ON CONFLICT (endpoint_id, event_id) DO NOTHING
    ), moved AS (
      INSERT INTO webhook_cursors AS c (shard, ms, seq)
      SELECT DISTINCT ON (shard) shard, ms, seq FROM page ORDER BY shard, ms DESC, seq DESC
      ON CONFLICT (shard) DO UPDATE SET ms = excluded.ms, seq = excluded.seq
        WHERE (c.ms, c.seq) < (excluded.ms, excluded.seq)
    )
    SELECT coalesce(max(count), 0) >= ${pageSize}::integer AS full, EXISTS (SELECT FROM archived_entries a
        WHERE a.position > coalesce((SELECT position FROM webhook_entry_cursor), 0)) AS entries
    FROM (SELECT count(*) AS count FROM page GROUP BY shard) AS counts`);
  return { full: row?.full === true, entries: row?.entries === true };
}

/** An id that can be the id of a message: it stands in a header, and is a part of what is signed. */
const messageId = "^[A-Za-z0-9_:-]{1,100}$";

/**
 * The same of what other programs wrote to the stream, as the audit log keeps it: of events of known types alone, because
 * of others nobody knows what is in them. Not of copies of events in the record, which are delivered as what they are.
 *
 * @param until a position up to which `archived_entries` is complete
 * @returns true when there may be more
 */
export async function makeEntryDeliveries(
  db: Database,
  until: string,
  types: readonly string[],
  names: OtherNames,
): Promise<boolean> {
  const [row] = await db.rows<{ full: boolean }>(sql`
    WITH page AS MATERIALIZED (
      SELECT a.id, a.position, a.event_id, a.event_type, a.tenant_id, a.archived_at,
        a.unread IS NULL AND NOT a.undecided AND a.payload IS NOT NULL AND a.event_id ~ ${messageId}
          AND a.event_type = ANY(${sql.param([...types])}::text[]) AS is_event
      FROM archived_entries a
      WHERE a.position > coalesce((SELECT position FROM webhook_entry_cursor), 0) AND a.position <= ${until}::bigint
      ORDER BY a.position LIMIT ${pageSize}::integer
    ), made AS (
      INSERT INTO webhook_deliveries (endpoint_id, entry_event_id, entry_id, event_type, status, attempt, attempt_limit, due_at, attempts, created_at)
      SELECT w.id, p.event_id, p.id, p.event_type, 'waiting', 0, ${triesOfDelivery}::integer, now(), '[]', now()
      FROM page p JOIN webhook_endpoints w ON w.status = 'enabled' AND w.enabled_at <= p.archived_at
        AND (w.tenant_id IS NULL OR w.tenant_id = p.tenant_id) AND ${wants("p.event_type", names)}
      WHERE p.is_event AND NOT EXISTS (SELECT FROM events e WHERE e.id = CASE
        WHEN p.event_id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN p.event_id::uuid END)
      ORDER BY p.position, w.id
      ON CONFLICT DO NOTHING
    ), moved AS (
      INSERT INTO webhook_entry_cursor AS c (position) SELECT max(position) FROM page HAVING count(*) > 0
      ON CONFLICT (single_row) DO UPDATE SET position = greatest(c.position, excluded.position)
    )
    SELECT count(*) >= ${pageSize}::integer AS full FROM page`);
  return row?.full === true;
}

/** A delivery that this run may try, with what it needs. */
export interface Claimed {
  readonly id: number;
  readonly endpoint_id: string;
  /** Of this try; nobody else has it. */
  readonly attempt: number;
  readonly attempt_limit: number;
  readonly event_type: string;
  readonly message: JsonObject | null;
  readonly url: string;
  readonly secret: string;
  /** Null: there is none that still signs. */
  readonly previous_secret: string | null;
  readonly form: "structured" | "binary";
  /** Null: a test message, an event of another program, or the record no longer has the event. */
  readonly event: EnvelopeRow | null;
  /** An event of another program, as it was read from the stream. */
  readonly entry: EnvelopeRow | null;
  /** What its endpoint has taken at least, ms, however long it had nothing to send. */
  readonly least_ms: number;
}

/** How far one may be behind the one that has taken most, ms: what waits long has no claim on all that it did not take. */
const behindMs = 60_000;
/** What a call takes beside its own time, ms: claiming it, and writing down what came of it. */
const besideMs = 10;

/**
 * Takes what is due, for calls that begin at once. Receivers take turns: one call of each before a second one, and first who
 * has taken less time so far, so that slow ones, however many, keep no quick one waiting. Several may do so at once: rows
 * that another one takes are passed over.
 *
 * @param running deliveries that are being sent
 */
export async function claimDeliveries(
  db: Database,
  limit: number,
  running: readonly Claimed[],
  leaseSeconds: number,
): Promise<Claimed[]> {
  const sent = Object.fromEntries(
    [...Map.groupBy(running, (one) => one.endpoint_id)].map(([id, of]) => [id, of.length]),
  );
  return db.rows<Claimed>(sql`
    WITH bounds AS MATERIALIZED (
      SELECT coalesce(max(used_ms), 0) - ${behindMs}::integer AS least_ms FROM webhook_endpoints WHERE status = 'enabled'
    ), chosen AS MATERIALIZED (
      SELECT d.id FROM webhook_endpoints w CROSS JOIN bounds b CROSS JOIN LATERAL (
        SELECT x.id, row_number() OVER (ORDER BY x.due_at, x.id) AS place FROM webhook_deliveries x
        WHERE x.endpoint_id = w.id AND x.status = 'waiting' AND x.due_at <= now()
        ORDER BY x.due_at, x.id LIMIT ${limit}::integer
      ) d WHERE w.status = 'enabled'
      ORDER BY d.place + coalesce((${JSON.stringify(sent)}::jsonb ->> w.id::text)::integer, 0),
        greatest(w.used_ms, b.least_ms), w.id LIMIT ${limit}::integer
    ), due AS MATERIALIZED (
      SELECT x.id FROM webhook_deliveries x JOIN chosen c ON c.id = x.id
      WHERE x.status = 'waiting' AND x.due_at <= now() FOR UPDATE OF x SKIP LOCKED
    ), taken AS (
      UPDATE webhook_deliveries d SET attempt = d.attempt + 1, due_at = now() + ${leaseSeconds}::integer * interval '1 s'
      FROM due WHERE d.id = due.id
      RETURNING d.id, d.endpoint_id, d.attempt, d.attempt_limit, d.event_type, d.event_id, d.entry_id, d.message
    )
    SELECT t.id::float8 AS id, t.endpoint_id, t.attempt, t.attempt_limit, t.event_type, t.message, w.url, w.secret,
      CASE WHEN w.previous_until > now() THEN w.previous_secret END AS previous_secret, w.form,
      (SELECT to_jsonb(row) FROM (SELECT ${outgoingColumns}) AS row WHERE e.id IS NOT NULL) AS event, (SELECT to_jsonb(row) FROM (
        SELECT ${foreignEnvelope} FROM archived_entries e WHERE e.id = t.entry_id) AS row) AS entry,
      (SELECT least_ms FROM bounds)::float8 AS least_ms
    FROM taken t JOIN webhook_endpoints w ON w.id = t.endpoint_id LEFT JOIN events e ON e.id = t.event_id
    ORDER BY t.id`);
}

/** Locked before the delivery, as who deletes an endpoint does: in another order two would wait for each other. */
const lockedEndpoint = ({ endpoint_id }: Claimed): SQL => sql`
      SELECT id, status FROM webhook_endpoints WHERE id = ${endpoint_id}::uuid FOR NO KEY UPDATE`;

/** What the calls of endpoint `w` have taken with this one, ms. */
const usedWith = ({ least_ms }: Claimed, { duration_ms }: AttemptNote): SQL =>
  sql`greatest(w.used_ms, ${Math.round(least_ms)}::bigint) + ${Math.round(duration_ms) + besideMs}::bigint`;

const noted = (note: AttemptNote): SQL => sql`(CASE WHEN jsonb_array_length(d.attempts) >= 20
  THEN d.attempts - 0 ELSE d.attempts END) || ${JSON.stringify(note)}::jsonb`;

/** It arrived: the endpoint works. */
export async function recordArrival(db: Database, claimed: Claimed, note: AttemptNote): Promise<void> {
  const { id, attempt } = claimed;
  await db.rows(sql`
    WITH endpoint AS MATERIALIZED (${lockedEndpoint(claimed)}
    ), done AS (
      UPDATE webhook_deliveries d SET status = 'delivered', due_at = NULL, finished_at = now(), attempts = ${noted(note)}
      FROM endpoint WHERE d.id = ${id}::bigint AND d.attempt = ${attempt}::integer AND d.status = 'waiting' RETURNING 1
    )
    UPDATE webhook_endpoints w SET failing_since = NULL, used_ms = ${usedWith(claimed, note)}
    FROM endpoint WHERE w.id = endpoint.id`);
}

/**
 * It did not: the next try, or the end of it; and of the endpoint, when it has failed for days or is gone.
 *
 * @param retrySeconds null: no further try
 * @param isGone the receiver says that it will never take anything again
 * @returns true when the endpoint was disabled by this
 */
export async function recordFailure(
  db: Database,
  claimed: Claimed,
  note: AttemptNote,
  retrySeconds: number | null,
  {
    disableDays,
    isGone,
    isTest,
  }: { readonly disableDays: number; readonly isGone: boolean; readonly isTest: boolean },
): Promise<{ readonly disabled: boolean; readonly message: string }> {
  const { id, attempt } = claimed;
  const days = sql`${disableDays}::integer * interval '1 day'`;
  const [row] = await db.rows<{ message: string }>(sql`
    WITH endpoint AS MATERIALIZED (${lockedEndpoint(claimed)}
    ), done AS (
      UPDATE webhook_deliveries d SET
        status = CASE WHEN ${retrySeconds}::integer IS NULL THEN 'failed' ELSE 'waiting' END,
        due_at = now() + ${retrySeconds}::integer * interval '1 s' * (1 + random() * 0.1),
        finished_at = CASE WHEN ${retrySeconds}::integer IS NULL THEN now() END,
        attempts = ${noted(note)}
      FROM endpoint WHERE d.id = ${id}::bigint AND d.attempt = ${attempt}::integer AND d.status = 'waiting' RETURNING 1
    ), about AS MATERIALIZED (
      SELECT id, status = 'enabled' AND NOT ${isTest} AND EXISTS (SELECT FROM done) AS is_judged FROM endpoint
    ), judged AS (
      UPDATE webhook_endpoints w SET used_ms = ${usedWith(claimed, note)},
        failing_since = CASE WHEN a.is_judged THEN coalesce(w.failing_since, now()) ELSE w.failing_since END,
        status = CASE WHEN a.is_judged AND (${isGone} OR w.failing_since <= now() - ${days}) THEN 'disabled' ELSE w.status END,
        disabled_reason = CASE WHEN NOT a.is_judged THEN w.disabled_reason
          WHEN ${isGone} THEN 'The receiver answered 410: it is gone.'
          WHEN w.failing_since <= now() - ${days} THEN 'No delivery has arrived for ' || ${disableDays}::integer || ' days.'
          ELSE w.disabled_reason END
      FROM about a WHERE w.id = a.id RETURNING w.id, w.status, w.disabled_reason, w.tenant_id, a.is_judged
    ), off AS (SELECT * FROM judged WHERE is_judged AND status = 'disabled'), alerted AS (${alertsInTransaction.raising(sql`
      SELECT 'webhook_disabled', off.id::text, 'warning', 'The webhook endpoint ' || off.id || ' was disabled. ' ||
        off.disabled_reason || ' Tell whoever runs the receiver, then POST /api/webhooks/' || off.id || '/enable.',
        off.tenant_id, '{}'::text[] FROM off`)})
    SELECT disabled_reason AS message FROM off LEFT JOIN alerted ON true`);
  return { disabled: row !== undefined, message: row?.message ?? "" };
}

/** Seconds until the next delivery is due, 0 or less: now; null: none waits. */
export async function nextDueSeconds(db: Database): Promise<number | null> {
  const [row] = await db.rows<{ seconds: number | null }>(sql`
    SELECT ceil(extract(epoch FROM min(d.due_at) - now()))::float8 AS seconds FROM webhook_deliveries d
    JOIN webhook_endpoints w ON w.id = d.endpoint_id AND w.status = 'enabled' WHERE d.status = 'waiting'`);
  return row?.seconds ?? null;
}

/** Days that finished deliveries are kept, and waiting ones of an endpoint that is disabled. */
const keptDays = 30;

/** Forgets old deliveries, a bounded number. */
export async function forgetOld(db: Database): Promise<void> {
  await db.rows(sql`
    DELETE FROM webhook_deliveries WHERE id IN (
      SELECT id FROM webhook_deliveries WHERE finished_at < now() - ${keptDays}::integer * interval '1 day' LIMIT 5000)`);
  await db.rows(sql`
    UPDATE webhook_deliveries d SET status = 'failed', due_at = NULL, finished_at = now()
    FROM webhook_endpoints w WHERE w.id = d.endpoint_id AND w.status = 'disabled' AND d.status = 'waiting'
      AND d.created_at < now() - ${keptDays}::integer * interval '1 day'`);
}
