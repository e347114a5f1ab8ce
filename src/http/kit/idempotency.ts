import { ConflictError, type Database, hexOf, keepSql, type Tx } from "@brain/engine";
import { type SQLWrapper, sql } from "drizzle-orm";

/*
 * Answers to requests with an idempotency key. The row is there before the work begins, so that of two requests at once
 * one works and the other is told to wait; the answer is put into it when the work is done. A row without an answer
 * whose request has been silent for a minute was left by an isolate that died: the next request takes it over, unless the
 * work was committed. That is noted in the transaction of the work, which fails when the row is somebody else's by then, so
 * the work is done once, whoever dies or comes late.
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

/** True for the row of this try: it has no answer yet, and nobody has taken it over. */
const isOfTry = (key: SQLWrapper, route: SQLWrapper, since: SQLWrapper) =>
  sql`key = ${key} AND route = ${route} AND status IS NULL AND created_at = ${since}::timestamptz`;

type Try = [key: string, route: string, since: string];

const noteCommittedSql = keepSql<Try>(
  (...tried) => sql`
    UPDATE idempotency_keys SET committed_at = coalesce(committed_at, now())
    WHERE ${isOfTry(...tried)} RETURNING 1`,
);

const keepAnswerSql = keepSql<[...Try, status: number, response: string]>(
  (key, route, since, status, response) => sql`
    UPDATE idempotency_keys SET status = ${status}::integer, response = ${response}
    WHERE ${isOfTry(key, route, since)}`,
);

const forgetSql = keepSql<Try>(
  (...tried) => sql`
    DELETE FROM idempotency_keys WHERE ${isOfTry(...tried)} AND committed_at IS NULL RETURNING 1`,
);

/**
 * Notes in the transaction of the work that it is done.
 *
 * @throws {ConflictError} another request has taken the key over: the work is rolled back
 */
export async function noteCommitted(tx: Tx, { key, route }: KeyedRequest, since: string): Promise<void> {
  const { rows } = await tx.execute(noteCommittedSql(key, route, since));
  if (rows.length > 0) return;
  throw new ConflictError(
    "This request took so long that a repetition with its Idempotency-Key has taken over. Nothing was done here; ask for the answer with the same key.",
  );
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
  return hexOf(await crypto.subtle.digest("SHA-256", await new Blob(framed).arrayBuffer()));
}

/** What a job stores of the key that started it, so that a repeat finds the job even when its answer was lost. */
export async function jobKey(kind: string, key: string | null): Promise<string | null> {
  return key === null ? null : `${kind}:${await sha256OfParts([kind, key])}`;
}
