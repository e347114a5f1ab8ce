import type { Client } from "@neondatabase/serverless";
import type { SQL } from "drizzle-orm";
import { type NeonQueryResultHKT, NeonSession, NeonTransaction } from "drizzle-orm/neon-serverless/session";
import type { PgDatabase } from "drizzle-orm/pg-core";
import { TransientError } from "../core/errors.ts";
import {
  ask,
  commit,
  connect,
  control,
  controlLimitMs,
  dialect,
  endClient,
  type Link,
  rollback,
  type SessionTarget,
  withValues,
} from "./connection.ts";
import { sqlState, translateDatabaseError } from "./errors.ts";
import type { FenceText } from "./fence.ts";
import type { LastStatement } from "./last-statement.ts";
import { type GuardedClient, guardClient, type Savepoints } from "./transaction-guard.ts";
import { type TransactionStatus, watchStatus } from "./transaction-status.ts";
import {
  beginTrialText,
  changesBetween,
  countsText,
  type StatementWatch,
  type TableChange,
  type Trial,
  watched,
} from "./trial.ts";

/*
 * Transactions over a connection, by the driver. It is a ninth of what a worker has to read and to set up, and a worker
 * that only asks over HTTP needs none of it: so this file is loaded with the first connection (`database.ts`).
 */

/**
 * A transaction in progress. Ordinary drizzle: `tx.insert(table)…`, `tx.select()…`, `tx.execute(sql…)`.
 * It dies with the transaction; using it later throws.
 */
export type Tx = PgDatabase<NeonQueryResultHKT, Record<string, never>>;

export interface SessionOptions {
  /** Upper bound for one statement, ms; Postgres cancels what takes longer (SQLSTATE 57014, transient). */
  readonly statementTimeoutMs?: number;
  /**
   * The first transaction begins together with the connection, which saves a round trip; for callers that are about to
   * run one. It ends with the connection when none comes.
   */
  readonly begins?: boolean;
}

/** What a transaction runs last, in one message with its COMMIT, and who is told what became of it. */
export interface Ending {
  readonly statements: readonly SQL[];
  /**
   * It is committed. Must not throw.
   *
   * @param answers the rows of each statement
   */
  committed?(answers: readonly (readonly unknown[])[]): void;
  /**
   * It failed. Must not throw.
   *
   * @param isSure nothing of it stays; false: nobody said so, and it may be committed all the same
   */
  failed?(isSure: boolean): void;
}

/** What travels with the BEGIN and with the COMMIT. */
export interface TransactionFrame {
  /** Its rows are given to `run`, with the names and types of their columns in SQL. */
  readonly first?: SQL;
  /** Asked for when `run` has come to its end. */
  readonly last?: () => Ending | Promise<Ending>;
  /** See `fenceText`; it comes behind them. */
  readonly fence?: FenceText;
  /** Told of the savepoints that `run` sets; left out: nobody is. */
  readonly savepoints?: Savepoints;
}

/** One open connection; run transactions on it one after the other, then close it. */
export interface Session {
  /**
   * BEGIN, `run`, COMMIT; ROLLBACK when `run` throws.
   * @param frame what Postgres runs together with the BEGIN and with the COMMIT, in the same round trips
   * @throws the error of `run`, or a TransientError, ConflictError or PermanentError translated from Postgres.
   * @throws {FencedError} the fence did not hold: nothing was committed
   */
  transaction<T>(
    run: (tx: Tx, first: readonly unknown[]) => Promise<T>,
    frame?: TransactionFrame,
  ): Promise<T>;
  /**
   * BEGIN, `run`, ROLLBACK: nothing of it stays, whatever `run` returns or throws. Postgres itself refuses a COMMIT in it,
   * should a statement be one, and it gives up a wait for a lock early. Numbers of sequences are not given back.
   *
   * @param watch told of each statement of `run`
   * @throws as `transaction`
   */
  trial<T>(run: (tx: Tx) => Promise<T>, watch: StatementWatch): Promise<Trial<T>>;
  /** True once the connection is lost; every further transaction fails. */
  readonly broken: boolean;
  /** Ends the connection; what still runs on it fails. Never throws. */
  close(): Promise<void>;
}

const statementFailed =
  "The transaction was rolled back, because a statement in it had failed and its error was not passed on. Let the error through, or run the statement in a savepoint (tx.transaction).";

/** A worker that froze in a transaction keeps its locks no longer than a statement may take and this, ms. */
const idleMarginMs = 2_000;

/** What each transaction of a database begins and ends with, beside what is asked of it; null: nothing. */
interface Edges {
  readonly entering: SQL | null;
  readonly last: LastStatement | null;
}

/** @throws {TransientError} Postgres is not reachable */
export async function openSession(
  target: SessionTarget,
  options: SessionOptions,
  { entering, last }: Edges,
): Promise<Session> {
  const link = await connect(target);
  const status = watchStatus(link.client.connection, link.ended);
  const beginnings = createBeginnings(link, options, entering);
  return {
    get broken() {
      return link.lost !== null;
    },
    async transaction(run, { first, ...frame } = {}) {
      const rows = await beginnings.next(first);
      const guard = guardClient((args) => ask(link, args), status, frame.savepoints ?? null);
      return runAndCommit({ link, guard, last }, (tx) => run(tx, rows), frame);
    },
    async trial(run, watch) {
      await beginnings.next();
      return tryAndRollBack(link, status, run, watch);
    },
    async close() {
      await endClient(link);
      link.lose(new Error("The session was closed."));
    },
  };
}

/** How the transactions of a session begin. */
interface Beginnings {
  /**
   * BEGIN, unless it was sent ahead.
   *
   * @param first travels with it. A transaction in which it fails is rolled back
   * @returns the rows of `first`
   */
  next(first?: SQL): Promise<readonly unknown[]>;
}

function createBeginnings(link: Link, options: SessionOptions, entering: SQL | null): Beginnings {
  const { statementTimeoutMs } = options;
  // For the transaction only: behind a pooler the next transaction on this connection may be somebody else's.
  const limit =
    statementTimeoutMs === undefined
      ? ""
      : `; SET LOCAL statement_timeout = ${Math.ceil(statementTimeoutMs)}; SET LOCAL idle_in_transaction_session_timeout = ${Math.ceil(statementTimeoutMs) + idleMarginMs}`;
  const opening = entering === null ? "" : `; ${withValues(entering)}`;
  const begin = `BEGIN${limit}${opening}`;
  /** It may wait for a row that somebody else has locked, as long as Postgres lets it. */
  const firstLimitMs = Math.max(controlLimitMs, (statementTimeoutMs ?? 0) + idleMarginMs);
  let ahead = options.begins === true ? control(link, begin) : null;
  // Whoever runs the transaction is told.
  ahead?.catch(() => undefined);
  return {
    async next(first) {
      const opened = ahead;
      ahead = null;
      const text = first === undefined ? null : withValues(first);
      await (opened ?? (text === null ? control(link, begin) : null));
      if (text === null) return [];
      try {
        return (await control(link, opened === null ? `${begin}; ${text}` : text, firstLimitMs)).rows;
      } catch (error) {
        await rollback(link);
        throw error;
      }
    },
  };
}

/** A transaction that has begun. */
interface Opened {
  readonly link: Link;
  readonly guard: GuardedClient;
  readonly last: LastStatement | null;
}

/** Runs what is between BEGIN and COMMIT, and these. @throws as `Session.transaction` */
async function runAndCommit<T>(
  { link, guard, last: always }: Opened,
  run: (tx: Tx) => Promise<T>,
  { last, fence }: TransactionFrame,
): Promise<T> {
  let result: T;
  let ending: Ending | undefined;
  const texts: string[] = [];
  try {
    result = await run(beginTx(guard.client));
    guard.end();
    ending = await last?.();
    for (const statement of ending?.statements ?? []) texts.push(withValues(statement));
  } catch (error) {
    guard.close();
    ending?.failed?.(true);
    await rollback(link);
    throw translateDatabaseError(error, "caller");
  }
  const told = texts.length;
  const closing = always?.statement() ?? null;
  if (closing !== null) texts.push(withValues(closing));
  if (fence !== undefined) texts.push(fence);
  try {
    const answers = await commit(link, texts);
    // Postgres answers COMMIT with ROLLBACK, and no error, when a statement had failed and somebody caught its error.
    if (answers.at(-1)?.command !== "COMMIT") throw new TransientError(statementFailed);
    ending?.committed?.(answers.slice(0, told).map((answer) => answer.rows));
  } catch (error) {
    ending?.failed?.(link.lost === null);
    throw always?.refusal(error) ?? error;
  }
  return result;
}

/** Runs what is behind a BEGIN, and takes it back. @throws as `Session.trial` */
async function tryAndRollBack<T>(
  link: Link,
  status: TransactionStatus,
  run: (tx: Tx) => Promise<T>,
  watch: StatementWatch,
): Promise<Trial<T>> {
  const guard = guardClient((args) => watched(args, ask(link, args), watch), status, null);
  try {
    const before = await control(link, beginTrialText);
    const result = await run(beginTx(guard.client));
    guard.end();
    const behind = await control(link, countsText);
    return {
      result,
      changes: changesBetween(before.rows as readonly TableChange[], behind.rows as readonly TableChange[]),
    };
  } catch (error) {
    // As COMMIT would answer.
    if (sqlState(error) === "25P02") throw new TransientError(statementFailed);
    throw translateDatabaseError(error, "caller");
  } finally {
    guard.close();
    await rollback(link);
  }
}

function beginTx(client: Client): Tx {
  const session = new NeonSession(client, dialect, undefined, {});
  return new NeonTransaction(dialect, session, undefined) as unknown as Tx;
}
