import { type SQL, sql } from "drizzle-orm";
import { settledAtOnce, settleUndecided } from "../events/foreign-entries.ts";
import type { Invocation } from "../invocation.ts";

/*
 * What is kept for a time only. Events and entries of other programs are not here: they go when they are archived.
 * Operators' actions and jobs are kept.
 */

/** Rows deleted by table, and whether time was used up before all was. */
export interface PurgeReport {
  readonly processedEvents: number;
  readonly deadLetters: number;
  readonly idempotencyKeys: number;
  readonly alerts: number;
  readonly more: boolean;
}

/** Rows deleted in one statement: short locks, little to undo. */
const batchSize = 5_000;
/** Days that answers to requests with an `Idempotency-Key` are kept. */
const idempotencyDays = 2;
/** Days that resolved alerts are kept. */
const alertDays = 90;

const daysAgo = (days: number): SQL => sql`now() - ${days}::integer * interval '1 day'`;

/** Claims are the reason why a repeat is recognised, so replays reach no further back than they. */
function purgeClaimsSql(table: SQL, days: number): SQL {
  return sql`
    DELETE FROM ${table} WHERE id IN (
      SELECT id FROM ${table} WHERE processed_at < ${daysAgo(days)} ORDER BY processed_at LIMIT ${batchSize})
    RETURNING 1`;
}

/** Only what is over: an open dead letter is kept until somebody decides. */
function purgeDeadLettersSql(days: number): SQL {
  return sql`
    DELETE FROM dead_letters WHERE id IN (
      SELECT id FROM dead_letters WHERE status IN ('resolved', 'discarded')
        AND coalesce(resolved_at, last_failed_at) < ${daysAgo(days)}
      ORDER BY id LIMIT ${batchSize})
    RETURNING 1`;
}

function purgeIdempotencyKeysSql(): SQL {
  return sql`
    DELETE FROM idempotency_keys WHERE (key, route) IN (
      SELECT key, route FROM idempotency_keys WHERE created_at < ${daysAgo(idempotencyDays)}
      ORDER BY created_at LIMIT ${batchSize})
    RETURNING 1`;
}

function purgeAlertsSql(): SQL {
  return sql`
    DELETE FROM alerts WHERE id IN (
      SELECT id FROM alerts WHERE resolved_at < ${daysAgo(alertDays)} ORDER BY id LIMIT ${batchSize})
    RETURNING 1`;
}

/**
 * Deletes what is older than its time, in batches.
 *
 * @param mayGoOn false when time or calls are used up: no further batch is begun
 * @throws {TransientError} Postgres is not reachable; what was deleted was old enough
 */
export async function purge({ db, retention }: Invocation, mayGoOn: () => boolean): Promise<PurgeReport> {
  let more = false;
  const all = async (statement: SQL): Promise<number> => {
    for (let deleted = 0; ; ) {
      if (!mayGoOn()) {
        more = true;
        return deleted;
      }
      const [row] = await db.rows<{ count: number }>(
        sql`WITH deleted AS (${statement}) SELECT count(*)::integer AS count FROM deleted`,
      );
      const count = row?.count ?? 0;
      deleted += count;
      if (count < batchSize) return deleted;
    }
  };
  const deleted = {
    processedEvents:
      (await all(purgeClaimsSql(sql`processed_events`, retention.dedupDays))) +
      (await all(purgeClaimsSql(sql`replay_claims`, retention.dedupDays))),
    deadLetters: await all(purgeDeadLettersSql(retention.dedupDays)),
    idempotencyKeys: await all(purgeIdempotencyKeysSql()),
    alerts: await all(purgeAlertsSql()),
  };
  return { ...deleted, more: !(await settleAll(db, mayGoOn)) || more };
}

/**
 * One page is enough but for what the release before leaves while it is beside this one, or alone again: its audit log
 * keeps a copy of each event, and no day is sealed before these are gone.
 *
 * @returns false when there may be more
 */
async function settleAll(db: Invocation["db"], mayGoOn: () => boolean): Promise<boolean> {
  for (let decided = settledAtOnce; decided === settledAtOnce; ) {
    if (!mayGoOn()) return false;
    decided = await settleUndecided(db);
  }
  return true;
}
