import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { besideId } from "../../core/beside-ids.ts";
import type { Tx } from "../../db/database.ts";
import { keepSql } from "../../db/kept-sql.ts";
import { type Claim, type ClaimScope, claimId, haveReplay, keyOf } from "./claim.ts";
import { maxEventIdLength, maxTypeLength, namesOfType } from "./judge-claims.ts";
import { verdictsOf } from "./refused-claims.ts";

/** What became of the claims of a list. */
export interface ClaimResult {
  /** Ours now; their effects belong in the same transaction. */
  readonly claimed: ReadonlySet<Claim>;
  /** The very entry was applied before: delivered again. */
  readonly redelivered: ReadonlySet<Claim>;
  /** The event was applied before under another message id: published twice. */
  readonly publishedTwice: ReadonlySet<Claim>;
  /** Another event has its id, so nobody can tell whether it was applied. */
  readonly idTaken: ReadonlySet<Claim>;
  /** Of the claimed ones: an open dead letter says that the event was not applied. */
  readonly withLetter: ReadonlySet<Claim>;
  /** Of the claimed ones, as `claimId`: a forced replay of an event that was given up, and that this subscriber never applied. */
  readonly neverApplied: ReadonlySet<string>;
  /** What the claimed ones are claimed under, where that is not their own place. */
  readonly beside: ReadonlyMap<Claim, string>;
}

const columns = sql`subscriber_name, stream_name, stream_message_id, event_id, event_type, tenant_id`;

/** True for a new row of `claims` whose event has an open dead letter. An index holds the open ones alone. */
const hasLetter = (claims: SQL) => sql`EXISTS (SELECT FROM dead_letters l
  WHERE l.subscriber_name = ${claims}.subscriber_name AND l.event_id = ${claims}.event_id AND l.status = 'open')`;

/**
 * True for a new row `r` of `replay_claims` when all earlier claims say that the event was given up. They are looked for
 * by forced replays alone, so ordinary claims cost nothing more.
 */
const isNeverApplied = sql`(EXISTS (SELECT FROM processed_events p WHERE p.subscriber_name = r.subscriber_name
      AND ${isClaimOf(sql`p`, sql`r.stream_message_id`, sql`r.event_id`)} AND p.metadata = ${barredBy("discarded")})
    AND NOT EXISTS (SELECT FROM replay_claims q WHERE q.subscriber_name = r.subscriber_name
      AND ${isClaimOf(sql`q`, sql`r.stream_message_id`, sql`r.event_id`)} AND q.replay_epoch <> r.replay_epoch
      AND q.metadata IS DISTINCT FROM ${barredBy("discarded")}))`;

/** True for a claim of that event: by its id, by the message id alone where one of both does not say whose it is. */
export function isClaimOf(claim: SQL, messageId: SQL, eventId: SQL): SQL {
  return sql`(${claim}.event_id = ${eventId} OR (${claim}.stream_message_id = ${messageId}
    AND (${claim}.event_id IS NULL OR ${eventId} IS NULL)))`;
}

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

function rowsOf(
  claims: readonly Claim[],
  beside?: ReadonlyMap<Claim, string>,
  nameless?: ReadonlySet<Claim>,
): string {
  return JSON.stringify(
    claims.map((claim) => ({
      m: beside?.get(claim) ?? claim.place,
      e:
        claim.eventId.length <= maxEventIdLength && nameless?.has(claim) !== true ? claim.eventId : undefined,
      t: claim.type.slice(0, maxTypeLength),
      n: claim.tenantId?.slice(0, maxTypeLength),
      ...(claim.replayGeneration === 0 ? {} : { p: claim.replayGeneration }),
    })),
  );
}

/**
 * Claims deliveries, one statement for all; {@link toClaimResult} says what its row means. Two unique keys guard:
 * (subscriber, message id) and (subscriber, event id). Waits for a transaction that is claiming the same row, so the
 * outcome is never a guess.
 *
 * @param beside what is not claimed under its own place
 * @param nameless those that are claimed without the event's id, which another event has
 * @see https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT
 */
export function claimSql(
  subscriber: string,
  stream: string,
  claims: readonly Claim[],
  beside?: ReadonlyMap<Claim, string>,
  nameless?: ReadonlySet<Claim>,
): SQL {
  const claim = haveReplay(claims) ? claimWithReplays : claimOrdinary;
  return claim(subscriber, stream, rowsOf(claims, beside, nameless), claims.length);
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

/** The row of {@link claimSql}: places, with `#` and the generation of a replay. */
export interface ClaimedRow {
  /** Those that are ours now; null: all. */
  readonly claimed: readonly string[] | null;
  /** Of these, those with an open dead letter; null: none. */
  readonly dead: readonly string[] | null;
  /** Of these, those that were never applied, see {@link ClaimResult}; null: none. */
  readonly never: readonly string[] | null;
}

/**
 * What became of claims. Of those that were not ours it asks why, one statement for all; what met another event's message id
 * is claimed beside it, by one more.
 *
 * @param row of {@link claimSql}
 */
export async function toClaimResult(
  tx: Tx,
  scope: ClaimScope,
  claims: readonly Claim[],
  row: ClaimedRow,
): Promise<ClaimResult> {
  const result = {
    ...{ claimed: new Set<Claim>(), redelivered: new Set<Claim>(), publishedTwice: new Set<Claim>() },
    ...{ idTaken: new Set<Claim>(), withLetter: new Set<Claim>(), neverApplied: new Set<string>() },
    beside: new Map<Claim, string>(),
  };
  const refused = noteClaimed(result, claims, row);
  if (refused.length === 0) return result;
  const nameless = new Set<Claim>();
  for (const [claim, verdict] of await verdictsOf(tx, scope, refused)) {
    if (verdict === "redelivered") result.redelivered.add(claim);
    else if (verdict === "published_twice") result.publishedTwice.add(claim);
    else if (verdict === "id_taken" && claim.letterId === null) result.idTaken.add(claim);
    else {
      result.beside.set(claim, besideId(claim.messageId, claim.eventId));
      // An operator has seen that it is another event.
      if (verdict === "id_taken") nameless.add(claim);
    }
  }
  const again = [...result.beside.keys()];
  if (again.length === 0) return result;
  const { rows } = await tx.execute<ClaimedRow & Record<string, unknown>>(
    claimSql(scope.subscriber, scope.stream, again, result.beside, nameless),
  );
  const [second = { claimed: [], dead: null, never: null }] = rows;
  for (const claim of noteClaimed(result, again, second)) result.idTaken.add(claim);
  return result;
}

interface Noted {
  readonly claimed: Set<Claim>;
  readonly withLetter: Set<Claim>;
  readonly neverApplied: Set<string>;
  readonly beside: ReadonlyMap<Claim, string>;
}

/** @returns those that are not ours */
function noteClaimed(
  { claimed, withLetter, neverApplied, beside }: Noted,
  claims: readonly Claim[],
  row: ClaimedRow,
): Claim[] {
  const ours = row.claimed === null ? null : new Set(row.claimed);
  const [dying, fresh] = [new Set(row.dead), new Set(row.never)];
  return claims.filter((claim) => {
    const key = keyOf(beside.get(claim) ?? claim.place, claim.replayGeneration);
    if (ours !== null && !ours.has(key)) return true;
    claimed.add(claim);
    if (dying.has(key)) withLetter.add(claim);
    if (fresh.has(key)) neverApplied.add(claimId(claim));
    return false;
  });
}

/** Gives claims back that this transaction will not use; nobody else has seen them. */
export async function unclaim(
  tx: Tx,
  subscriber: string,
  claims: readonly Pick<Claim, "place" | "replayGeneration">[],
): Promise<void> {
  const rows = JSON.stringify(
    claims.map(({ place, replayGeneration }) => ({ m: place, p: replayGeneration })),
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

/**
 * Closes the open dead letters of events that are applied after all: their tries had ended workers, or the stream lost
 * and got them again. In the transaction of the claim; asked for only where the claim said that there is one.
 */
export async function closeLetters(
  tx: Tx,
  { subscriber, catalog }: ClaimScope,
  applied: readonly Claim[],
): Promise<void> {
  const rows = JSON.stringify(
    applied.map(({ messageId, eventId, type, tenantId }) => ({
      ...{ m: messageId, e: eventId, t: namesOfType(catalog, type), n: tenantId },
    })),
  );
  await tx.execute(sql`
    UPDATE dead_letters l SET status = 'resolved', resolved_at = now(),
      resolution = 'applied as ' || c.m || ', after it had become a dead letter'
    FROM json_to_recordset(${rows}::json) AS c(m text, e text, t jsonb, n text)
    WHERE l.subscriber_name = ${subscriber} AND l.event_id = c.e AND l.status = 'open'
      AND (l.event_type IS NULL OR c.t ? l.event_type::text) AND (l.tenant_id IS NULL OR c.n IS NULL OR l.tenant_id = c.n)`);
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
  // Another event's claim may stand under the message id; this one is found by its event.
  const place = (
    taken: SQL,
  ) => sql`CASE WHEN EXISTS (SELECT FROM ${taken} AND p.subscriber_name = d.subscriber_name
    AND p.stream_message_id = ${messageId}) THEN ${`${why}:`}::text || d.id ELSE ${messageId} END`;
  const values = (taken: SQL) => sql`d.subscriber_name, d.stream_name, ${place(taken)},
    CASE WHEN length(d.event_id) <= ${maxEventIdLength}::integer THEN d.event_id END,
    left(d.event_type, ${maxTypeLength}::integer), left(d.tenant_id, ${maxTypeLength}::integer),
    ${barredBy(why)}`;
  return sql`barred AS (
    INSERT INTO processed_events (${columns}, metadata) SELECT ${values(sql`processed_events p WHERE true`)}
    FROM ${source} d WHERE d.replay_epoch = 0
    ON CONFLICT DO NOTHING
  ), barred_replays AS (
    INSERT INTO replay_claims (${columns}, metadata, replay_epoch) SELECT ${values(sql`replay_claims p WHERE p.replay_epoch = d.replay_epoch`)},
      d.replay_epoch FROM ${source} d WHERE d.replay_epoch <> 0
    ON CONFLICT DO NOTHING
  )`;
}
