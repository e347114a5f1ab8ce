import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { Database, Tx } from "../../db/database.ts";
import { keepSql } from "../../db/kept-sql.ts";

/** One delivery to claim for a subscriber. */
export interface Claim {
  readonly messageId: string;
  readonly eventId: string;
  readonly type: string;
  readonly tenantId: string | null;
  /** 0, or the generation of a forced replay: under it the event may be applied once more. */
  readonly replayGeneration: number;
}

/** What tells one claim of a subscriber from another: the message id, and the generation of the replay when there is one. */
export function claimId({
  messageId,
  replayGeneration,
}: Pick<Claim, "messageId" | "replayGeneration">): string {
  return replayGeneration === 0 ? messageId : `${messageId}#${replayGeneration}`;
}

/** All sets hold `claimId`s. */
export interface ClaimResult {
  /** Ours now; their effects belong in the same transaction. */
  readonly claimed: ReadonlySet<string>;
  /** The very entry was applied before: delivered again. */
  readonly redelivered: ReadonlySet<string>;
  /** The event was applied before under another message id: published twice. */
  readonly publishedTwice: ReadonlySet<string>;
  /** Of the claimed ones: an open dead letter says that the event was not applied. */
  readonly withLetter: ReadonlySet<string>;
  /** Of the claimed ones: a forced replay of an event that was given up, and that this subscriber never applied. */
  readonly neverApplied: ReadonlySet<string>;
}

const maxEventIdLength = 50;
const maxTypeLength = 100;

const columns = sql`subscriber_name, stream_name, stream_message_id, event_id, event_type, tenant_id`;

/** True for a new row of `claims` whose event has an open dead letter. An index holds the open ones alone. */
const hasLetter = (claims: SQL) => sql`EXISTS (SELECT FROM dead_letters l
  WHERE l.subscriber_name = ${claims}.subscriber_name AND l.event_id = ${claims}.event_id AND l.status = 'open')`;

/**
 * True for a new row `r` of `replay_claims` when all earlier claims say that the event was given up. They are looked for
 * by forced replays alone, so ordinary claims cost nothing more.
 */
const isNeverApplied = sql`(EXISTS (SELECT FROM processed_events p WHERE p.subscriber_name = r.subscriber_name
      AND (p.stream_message_id = r.stream_message_id OR p.event_id = r.event_id) AND p.metadata = ${barredBy("discarded")})
    AND NOT EXISTS (SELECT FROM replay_claims q WHERE q.subscriber_name = r.subscriber_name
      AND (q.stream_message_id = r.stream_message_id OR q.event_id = r.event_id) AND q.replay_epoch <> r.replay_epoch
      AND q.metadata IS DISTINCT FROM ${barredBy("discarded")}))`;

/** `metadata` of a claim without an application. */
function barredBy(why: "discarded" | "edited"): SQL {
  return sql`jsonb_build_object(${why}::text, true)`;
}

type ClaimValues = [subscriber: string, stream: string, rows: string, count: number];

/** The function of the migration `claim_batch`. */
const ordinary = (subscriber: SQLWrapper, stream: SQLWrapper, rows: SQLWrapper, count: SQLWrapper) =>
  sql`claim_batch(${subscriber}, ${stream}, ${rows}::json, ${count}::integer)`;

const claimOrdinary = keepSql<ClaimValues>(
  (...values) => sql`SELECT claimed, dead, NULL::json AS never FROM ${ordinary(...values)}`,
);

const claimWithReplays = keepSql<ClaimValues>(
  (subscriber, stream, rows, count) => sql`
    WITH given AS MATERIALIZED (
      SELECT ${subscriber}::text AS s, ${stream}::text AS stream, c.*
      FROM json_to_recordset(${rows}::json) AS c(m text, e text, t text, n text, p integer)
    ), ordinary AS (
      INSERT INTO processed_events AS o (${columns}) SELECT s, stream, m, e, t, n FROM given WHERE p IS NULL
      ON CONFLICT DO NOTHING RETURNING o.stream_message_id AS m, ${hasLetter(sql`o`)} AS dead, false AS never
    ), replayed AS (
      INSERT INTO replay_claims AS r (${columns}, replay_epoch) SELECT s, stream, m, e, t, n, p FROM given
      WHERE p IS NOT NULL
      ON CONFLICT DO NOTHING RETURNING r.stream_message_id || '#' || r.replay_epoch AS m, ${hasLetter(sql`r`)} AS dead,
        ${isNeverApplied} AS never
    ), made AS (SELECT * FROM ordinary UNION ALL SELECT * FROM replayed)
    SELECT CASE WHEN count(*) = ${count}::integer THEN NULL ELSE coalesce(json_agg(m), '[]') END AS claimed,
      json_agg(m) FILTER (WHERE dead) AS dead, json_agg(m) FILTER (WHERE never) AS never
    FROM made`,
);

/** True when one of them is under the generation of a forced replay: those have a table of their own. */
function haveReplay(claims: readonly Claim[]): boolean {
  return claims.some(({ replayGeneration }) => replayGeneration !== 0);
}

function rowsOf(claims: readonly Claim[]): string {
  return JSON.stringify(
    claims.map((claim) => ({
      m: claim.messageId,
      e: claim.eventId.length <= maxEventIdLength ? claim.eventId : null,
      t: claim.type.slice(0, maxTypeLength),
      n: claim.tenantId?.slice(0, maxTypeLength) ?? null,
      ...(claim.replayGeneration === 0 ? {} : { p: claim.replayGeneration }),
    })),
  );
}

/**
 * Claims deliveries, one statement for all; {@link toClaimResult} says what its row means. Two unique keys guard:
 * (subscriber, message id) and (subscriber, event id). Waits for a transaction that is claiming the same row, so the
 * outcome is never a guess.
 *
 * @see https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT
 */
export function claimSql(subscriber: string, stream: string, claims: readonly Claim[]): SQL {
  const claim = haveReplay(claims) ? claimWithReplays : claimOrdinary;
  return claim(subscriber, stream, rowsOf(claims), claims.length);
}

/** Words of the error with which `claimAllSql` ends its transaction. */
const notAllClaimed = "not all claimed: ";

const claimAll = keepSql<ClaimValues>(
  (...values) => sql`
    SELECT CASE WHEN claimed IS NULL AND dead IS NULL THEN 0
      ELSE (${sql.raw(`'${notAllClaimed}'`)} || json_build_object('claimed', claimed, 'dead', dead))::integer END AS claimed
    FROM ${ordinary(...values)}`,
);

/**
 * Claims all of these, or ends the transaction: when one was claimed before, or an open dead letter says that it was not
 * applied. Not for forced replays.
 */
export function claimAllSql(subscriber: string, stream: string, claims: readonly Claim[]): SQL {
  return claimAll(subscriber, stream, rowsOf(claims), claims.length);
}

type KnownValues = [subscriber: string, ids: readonly string[]];

const known = (
  subscriber: SQLWrapper,
  ids: SQLWrapper,
) => sql`SELECT stream_message_id AS m FROM processed_events
    WHERE subscriber_name = ${subscriber} AND stream_message_id = ANY(${ids}::text[])`;

const knownOrdinary = keepSql<KnownValues>(known);

const knownWithReplays = keepSql<KnownValues>(
  (subscriber, ids) => sql`${known(subscriber, ids)}
    UNION ALL SELECT stream_message_id || '#' || replay_epoch FROM replay_claims
    WHERE subscriber_name = ${subscriber} AND stream_message_id = ANY(${ids}::text[])`,
);

/** Which of these are claimed under this very message id. */
function knownSql(subscriber: string, claims: readonly Claim[]): SQL {
  const find = haveReplay(claims) ? knownWithReplays : knownOrdinary;
  return find(
    subscriber,
    claims.map(({ messageId }) => messageId),
  );
}

/** The row of {@link claimSql}: ids as `claimId` has them. */
export interface ClaimedRow {
  /** Those that are ours now; null: all. */
  readonly claimed: readonly string[] | null;
  /** Of these, those with an open dead letter; null: none. */
  readonly dead: readonly string[] | null;
  /** Of these, those that were never applied, see {@link ClaimResult}; null: none. */
  readonly never: readonly string[] | null;
}

/** What became of claims; of those that were not ours, it asks why. @param row of {@link claimSql} */
export async function toClaimResult(
  tx: Tx,
  subscriber: string,
  claims: readonly Claim[],
  row: ClaimedRow,
): Promise<ClaimResult> {
  const claimed = new Set(row.claimed ?? claims.map(claimId));
  const withLetter = new Set(row.dead);
  const neverApplied = new Set(row.never);
  const refused = row.claimed === null ? [] : claims.filter((claim) => !claimed.has(claimId(claim)));
  if (refused.length === 0)
    return { claimed, redelivered: new Set(), publishedTwice: new Set(), withLetter, neverApplied };
  const known = await tx.execute<{ m: string }>(knownSql(subscriber, refused));
  const redelivered = new Set(known.rows.map(({ m }) => m));
  const twice = refused.map(claimId).filter((id) => !redelivered.has(id));
  return { claimed, redelivered, publishedTwice: new Set(twice), withLetter, neverApplied };
}

/** Gives claims back that this transaction will not use; nobody else has seen them. */
export async function unclaim(
  tx: Tx,
  subscriber: string,
  claims: readonly Pick<Claim, "messageId" | "replayGeneration">[],
): Promise<void> {
  const rows = JSON.stringify(
    claims.map(({ messageId, replayGeneration }) => ({ m: messageId, p: replayGeneration })),
  );
  await tx.execute(unclaimSql(subscriber, rows));
}

const unclaimSql = keepSql<[subscriber: string, rows: string]>(
  (subscriber, rows) => sql`
    WITH given AS (SELECT * FROM json_to_recordset(${rows}::json) AS c(m text, p integer)), replayed AS (
      DELETE FROM replay_claims r USING given c
      WHERE r.subscriber_name = ${subscriber} AND r.stream_message_id = c.m AND r.replay_epoch = c.p
    )
    DELETE FROM processed_events o USING given c
    WHERE o.subscriber_name = ${subscriber} AND o.stream_message_id = c.m AND c.p = 0`,
);

/** True when the subscriber has applied this very entry, or the same event under another stream id. */
export async function isApplied(
  db: Database,
  subscriber: string,
  { messageId, eventId, replayGeneration }: Pick<Claim, "messageId" | "eventId" | "replayGeneration">,
): Promise<boolean> {
  const table = replayGeneration === 0 ? sql`processed_events` : sql`replay_claims`;
  const ofGeneration = replayGeneration === 0 ? sql`true` : sql`replay_epoch = ${replayGeneration}`;
  const rows = await db.rows(sql`
    SELECT FROM ${table} WHERE subscriber_name = ${subscriber} AND ${ofGeneration}
      AND (stream_message_id = ${messageId} OR event_id = ${eventId})`);
  return rows.length > 0;
}

/**
 * Closes the open dead letters of events that are applied after all: their tries had ended workers, or the stream lost
 * and got them again. In the transaction of the claim; asked for only where the claim said that there is one.
 */
export async function closeLetters(
  tx: Tx,
  subscriber: string,
  applied: readonly Pick<Claim, "messageId" | "eventId">[],
): Promise<void> {
  const rows = JSON.stringify(applied.map(({ messageId, eventId }) => ({ m: messageId, e: eventId })));
  await tx.execute(sql`
    UPDATE dead_letters l SET status = 'resolved', resolved_at = now(),
      resolution = 'applied as ' || c.m || ', after it had become a dead letter'
    FROM json_to_recordset(${rows}::json) AS c(m text, e text)
    WHERE l.subscriber_name = ${subscriber} AND l.event_id = c.e AND l.status = 'open'`);
}

/**
 * CTEs `barred` and `barred_replays`: claims without an application, so that an event is not applied when something
 * brings it back. Behind a CTE that gives rows of `dead_letters`.
 *
 * @param source name of that CTE
 * @param messageId of a row `d` of it
 * @param why for `metadata`
 */
export function barSql(source: SQL, messageId: SQL, why: "discarded" | "edited"): SQL {
  const values = sql`d.subscriber_name, d.stream_name, ${messageId},
    CASE WHEN length(d.event_id) <= ${maxEventIdLength}::integer THEN d.event_id END,
    left(d.event_type, ${maxTypeLength}::integer), left(d.tenant_id, ${maxTypeLength}::integer),
    ${barredBy(why)}`;
  return sql`barred AS (
    INSERT INTO processed_events (${columns}, metadata) SELECT ${values} FROM ${source} d WHERE d.replay_epoch = 0
    ON CONFLICT DO NOTHING
  ), barred_replays AS (
    INSERT INTO replay_claims (${columns}, metadata, replay_epoch) SELECT ${values}, d.replay_epoch FROM ${source} d
    WHERE d.replay_epoch <> 0
    ON CONFLICT DO NOTHING
  )`;
}
