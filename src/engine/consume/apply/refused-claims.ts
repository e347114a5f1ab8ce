import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { besideId } from "../../core/beside-ids.ts";
import type { Tx } from "../../db/database.ts";
import { keepSql } from "../../db/kept-sql.ts";
import { type Claim, type ClaimScope, haveReplay, keyOf } from "./claim.ts";
import { judgeRefused, type KnownClaim, type Verdict } from "./judge-claims.ts";

type KnownValues = [subscriber: string, places: readonly string[], eventIds: readonly string[]];

/** Each half by its unique index; a claim may come twice. */
const knownIn = (table: "processed_events" | "replay_claims", replay: SQL) =>
  ((subscriber, places, eventIds) => {
    const from = sql`SELECT stream_message_id AS m, event_id AS e, event_type AS t, tenant_id AS n, ${replay} AS p
      FROM ${sql.raw(table)} WHERE subscriber_name = ${subscriber}`;
    return sql`${from} AND stream_message_id = ANY(${places}::text[])
      UNION ALL ${from} AND event_id = ANY(${eventIds}::text[])`;
  }) satisfies (...values: [SQLWrapper, SQLWrapper, SQLWrapper]) => SQL;

const known = knownIn("processed_events", sql`0`);
const knownReplays = knownIn("replay_claims", sql`replay_epoch`);
const knownOrdinary = keepSql<KnownValues>(known);
const knownWithReplays = keepSql<KnownValues>(
  (...values) => sql`${known(...values)} UNION ALL ${knownReplays(...values)}`,
);

interface KnownRow extends KnownClaim, Record<string, unknown> {
  /** Generation of a forced replay; 0: none. */
  readonly p: number;
}

/** The claims that have what refused ones asked for. */
function knownSql(subscriber: string, claims: readonly Claim[]): SQL {
  const find = haveReplay(claims) ? knownWithReplays : knownOrdinary;
  const places = claims.flatMap(({ messageId, eventId }) => [messageId, besideId(messageId, eventId)]);
  return find(
    subscriber,
    places,
    claims.map(({ eventId }) => eventId),
  );
}

/** Why claims were refused: one statement for all, and one more where an edited copy met what may be its original. */
export async function verdictsOf(
  tx: Tx,
  { subscriber, catalog }: ClaimScope,
  refused: readonly Claim[],
): Promise<Map<Claim, Verdict>> {
  const { rows } = await tx.execute<KnownRow>(knownSql(subscriber, refused));
  const byPlace = Map.groupBy(rows, ({ m, p }) => keyOf(m, p));
  const byEvent = Map.groupBy(rows, ({ e, p }) => keyOf(e ?? "", p));
  const verdictOf = (claim: Claim, original: string | null) => {
    const { messageId, eventId, replayGeneration: p } = claim;
    const under = [messageId, besideId(messageId, eventId)].flatMap(
      (place) => byPlace.get(keyOf(place, p)) ?? [],
    );
    return judgeRefused(catalog, claim, [...under, ...(byEvent.get(keyOf(eventId, p)) ?? [])], original);
  };
  const verdicts = new Map(refused.map((claim) => [claim, verdictOf(claim, null)]));
  const copies = refused.filter((claim) => claim.letterId !== null && verdicts.get(claim) === "beside");
  if (copies.length === 0) return verdicts;
  const originals = await tx.execute<{ id: string; event_id: string | null }>(sql`
    SELECT l.id::text AS id, l.event_id FROM json_to_recordset(${JSON.stringify(copies.map(({ letterId, eventId }) => ({ l: letterId, e: eventId })))}::json)
      AS c(l bigint, e text) JOIN dead_letters l ON l.id = c.l AND l.edited_event_id = c.e`);
  const originalOf = new Map(originals.rows.map(({ id, event_id }) => [id, event_id]));
  for (const claim of copies)
    verdicts.set(claim, verdictOf(claim, originalOf.get(claim.letterId ?? "") ?? null));
  return verdicts;
}
