import {
  ConflictError,
  type Database,
  endedByWord,
  keepSql,
  type LastStatement,
  sha256Hex,
} from "@brain/engine";
import { type SQLWrapper, sql } from "drizzle-orm";

/*
 * Answers to requests with an idempotency key. The row is there before the work begins, so that of two requests at once
 * one works and the other is told to wait; the answer is put into it when the work is done. A row without an answer
 * whose request has been silent for a minute was left by an isolate that died: the next request takes it over, unless work
 * was committed. That is noted by the database of the request itself, as the last statement of each of its transactions that
 * wrote anything, whichever way a route writes. It fails when the row is somebody else's by then, so the work is done once,
 * whoever dies or comes late.
 */

/** A request with a key. */
export interface KeyedRequest {
  readonly key: string;
  /** The same key as releases up to migration 0032 kept it, where that did not say for which tenant; null: it is the same. */
  readonly formerKey: string | null;
  /** Method and path, at most 300 characters. */
  readonly route: string;
  /** SHA-256 of all that makes the request what it is, hex. */
  readonly hash: string;
  readonly correlationId: string;
}

/** What a request with a key may do. */
export type Admission =
  /** It is the first: do the work. `since` names this try. */
  | { readonly kind: "work"; readonly since: string }
  /** It was answered before. */
  | { readonly kind: "answered"; readonly status: number; readonly response: string }
  /** The key was used for another request. */
  | { readonly kind: "other" }
  /** A release that did not note for which tenant has taken a request with the key. */
  | { readonly kind: "of_no_tenant" }
  /** The work was done, but the isolate died before its answer was kept. */
  | { readonly kind: "lost"; readonly correlationId: string }
  /** The first request is under way. */
  | { readonly kind: "busy" };

/** A request without an answer is given up after this time, s. */
const abandonedAfterS = 60;

/** @throws {TransientError} Postgres is not reachable */
export async function admitRequest(
  db: Database,
  { key, formerKey, route, hash, correlationId }: KeyedRequest,
): Promise<Admission> {
  const [mine] = await db.rows<{ since: string }>(takeKeySql(key, route, hash, correlationId, formerKey));
  if (mine !== undefined) return { kind: "work", since: mine.since };
  const [row] = await db.rows<{
    key: string;
    hash: string;
    status: number | null;
    response: string | null;
    lost: boolean;
    story: string | null;
  }>(readKeySql(key, formerKey, route));
  // The first request failed and took its row away meanwhile: the caller comes again.
  if (row === undefined) return { kind: "busy" };
  if (row.key !== key) return { kind: "of_no_tenant" };
  if (row.hash !== hash) return { kind: "other" };
  if (row.status === null)
    return row.lost ? { kind: "lost", correlationId: row.story ?? "" } : { kind: "busy" };
  return { kind: "answered", status: row.status, response: row.response ?? "" };
}

const takeKeySql = keepSql<
  [key: string, route: string, hash: string, correlationId: string, formerKey: string | null]
>(
  (key, route, hash, correlationId, formerKey) => sql`
    INSERT INTO idempotency_keys AS k (key, route, request_hash, correlation_id)
    SELECT ${key}::varchar, ${route}::varchar, ${hash}::varchar, ${correlationId}::varchar
    WHERE NOT EXISTS (SELECT FROM idempotency_keys f WHERE f.key = ${formerKey} AND f.route = ${route}::varchar)
    ON CONFLICT (key, route) DO UPDATE SET created_at = now(), correlation_id = excluded.correlation_id
      WHERE k.status IS NULL AND k.committed_at IS NULL AND k.request_hash = excluded.request_hash
        AND k.created_at < now() - ${abandonedAfterS}::integer * interval '1 second'
    RETURNING k.created_at::text AS since`,
);

const readKeySql = keepSql<[key: string, formerKey: string | null, route: string]>(
  (key, formerKey, route) => sql`
    SELECT key, request_hash AS hash, status, response, correlation_id AS story, committed_at IS NOT NULL
      AND created_at < now() - ${abandonedAfterS}::integer * interval '1 second' AS lost
    FROM idempotency_keys WHERE key IN (${key}, ${formerKey}) AND route = ${route}
    ORDER BY key <> ${key} LIMIT 1`,
);

/** True for the row of this try: nobody has taken it over. */
const isOfTry = (key: SQLWrapper, route: SQLWrapper, since: SQLWrapper) =>
  sql`key = ${key} AND route = ${route} AND created_at = ${since}::timestamptz`;
/** True for it until its answer is kept. */
const isUnanswered = (...tried: Parameters<typeof isOfTry>) => sql`${isOfTry(...tried)} AND status IS NULL`;

type Try = [key: string, route: string, since: string];

const takenOverWord = "idempotency key taken over";

/**
 * Notes that the transaction has written, and fails when the row is not that of this try any more. A transaction that has
 * only read has no number yet, and nothing is noted. How it fails: see `fenceText`.
 *
 * @see https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT
 */
const noteCommittedSql = keepSql<Try>(
  (...tried) => sql`
    WITH noted AS (
      UPDATE idempotency_keys SET committed_at = coalesce(committed_at, now())
      WHERE ${isOfTry(...tried)} AND pg_current_xact_id_if_assigned() IS NOT NULL RETURNING 1)
    SELECT CASE WHEN count(*) > 0 OR pg_current_xact_id_if_assigned() IS NULL THEN 0
      ELSE (${sql.raw(`'${takenOverWord} '`)} || count(*))::integer END AS noted FROM noted`,
);

const keepAnswerSql = keepSql<[...Try, status: number, response: string]>(
  (key, route, since, status, response) => sql`
    UPDATE idempotency_keys SET status = ${status}::integer, response = ${response}
    WHERE ${isUnanswered(key, route, since)}`,
);

const forgetSql = keepSql<Try>(
  (...tried) => sql`
    DELETE FROM idempotency_keys WHERE ${isUnanswered(...tried)} AND committed_at IS NULL RETURNING 1`,
);

/**
 * What each transaction of a try ends with. It is refused with a ConflictError when another request has taken the key over,
 * and everything in it is rolled back.
 *
 * @param isOver true: the answer is settled, and what goes on behind it is not the work of the key any more
 */
export function notesCommitted(
  { key, route }: KeyedRequest,
  since: string,
  isOver: () => boolean,
): LastStatement {
  return {
    statement: () => (isOver() ? null : noteCommittedSql(key, route, since)),
    refusal: (failure) =>
      endedByWord(failure, takenOverWord)
        ? new ConflictError(
            "This request took so long that a repetition with its Idempotency-Key has taken over. Nothing was done here; ask for the answer with the same key.",
            { cause: failure },
          )
        : null,
  };
}

/** Keeps the answer for repeats, unless another request has taken over. */
export async function keepAnswer(
  db: Database,
  { key, route }: KeyedRequest,
  since: string,
  answer: { readonly status: number; readonly response: string },
): Promise<void> {
  await db.rows(keepAnswerSql(key, route, since, answer.status, answer.response));
}

/**
 * Lets the request be tried again at once, because it failed for a reason of ours.
 *
 * @returns false when some of its work was committed: then it is not to be done again
 */
export async function forgetRequest(
  db: Database,
  { key, route }: KeyedRequest,
  since: string,
): Promise<boolean> {
  const rows = await db.rows(forgetSql(key, route, since));
  return rows.length > 0;
}

const encoder = new TextEncoder();

/** SHA-256 of what stands in parts, hex. */
export async function sha256OfParts(parts: readonly (string | Uint8Array)[]): Promise<string> {
  const bytes = parts.map((part) => (typeof part === "string" ? encoder.encode(part) : new Uint8Array(part)));
  // Each part with its length, so that parts do not run into each other.
  const framed = bytes.flatMap((part) => [encoder.encode(`${part.byteLength}:`), part]);
  return sha256Hex(await new Blob(framed).arrayBuffer());
}

/** What a job stores of the key that started it, so that a repeat finds the job even when its answer was lost. */
export async function jobKey(kind: string, key: string | null): Promise<string | null> {
  return key === null ? null : `${kind}:${await sha256OfParts([kind, key])}`;
}
