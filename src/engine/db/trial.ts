/*
 * A trial: a transaction that is always rolled back, and what is seen of it meanwhile.
 */

/** What became of one statement. */
export interface WatchedStatement {
  /** As it was sent, with `$1` where its values go. */
  readonly text: string;
  readonly values: readonly unknown[];
  /** Time until its answer, ms. */
  readonly ms: number;
  /** First word of Postgres' answer (`INSERT`), and the rows that it wrote or gave; null: it failed. */
  readonly answer: { readonly command: string; readonly rows: number } | null;
}

export type StatementWatch = (statement: WatchedStatement) => void;

/** What a trial did to one table, however it came to it: triggers and cascades too. */
export interface TableChange {
  /** With its schema when that is not `public`. */
  readonly table: string;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

export interface Trial<T> {
  readonly result: T;
  readonly changes: readonly TableChange[];
}

/** Time for one lock, ms: below the second after which Postgres looks who blocks whom and ends one of them. */
const trialLockMs = 300;

/**
 * What Postgres counts of this connection's writes. The numbers may hold those of earlier transactions that it has not
 * handed on yet, so they are read before and behind.
 *
 * @see https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-STATS-VIEWS
 */
export const countsText = `SELECT CASE schemaname WHEN 'public' THEN relname ELSE schemaname || '.' || relname END AS "table",
    n_tup_ins::integer AS inserted, n_tup_upd::integer AS updated, n_tup_del::integer AS deleted
  FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 ORDER BY 1`;

/**
 * What a trial begins with. Two rows that break a unique key which is looked at when the transaction commits: none that
 * has them can. They go with the rollback, and nobody else sees them.
 *
 * @see https://www.postgresql.org/docs/current/sql-set-constraints.html
 */
export const beginTrialText = `SET LOCAL lock_timeout = ${trialLockMs};
  CREATE TEMPORARY TABLE a_trial_never_commits (one integer UNIQUE DEFERRABLE INITIALLY DEFERRED);
  INSERT INTO a_trial_never_commits VALUES (1), (1);
  ${countsText}`;

/** What was written between two answers to `countsText`. */
export function changesBetween(
  before: readonly TableChange[],
  behind: readonly TableChange[],
): readonly TableChange[] {
  const earlier = new Map(before.map((counts) => [counts.table, counts]));
  return behind.flatMap(({ table, inserted, updated, deleted }) => {
    const from = earlier.get(table);
    const change = {
      table,
      inserted: inserted - (from?.inserted ?? 0),
      updated: updated - (from?.updated ?? 0),
      deleted: deleted - (from?.deleted ?? 0),
    };
    return change.inserted + change.updated + change.deleted > 0 ? [change] : [];
  });
}

/** Tells of a statement when its answer has come. @param args as drizzle gives them: the text or `{ text }`, and the values */
export async function watched<T>(
  args: readonly unknown[],
  answer: Promise<T>,
  watch: StatementWatch,
): Promise<T> {
  const [given, values] = args as [string | { readonly text: string }, (readonly unknown[])?];
  const statement = { text: typeof given === "string" ? given : given.text, values: values ?? [] };
  const beganMs = performance.now();
  const tell = (became: WatchedStatement["answer"]) =>
    watch({ ...statement, ms: performance.now() - beganMs, answer: became });
  try {
    const came = await answer;
    const { command, rowCount } = came as { readonly command?: string; readonly rowCount?: number | null };
    tell({ command: command ?? "", rows: rowCount ?? 0 });
    return came;
  } catch (error) {
    tell(null);
    throw error;
  }
}
