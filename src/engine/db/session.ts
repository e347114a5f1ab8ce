import { Client, DatabaseError, type NeonConfig, neonConfig, types } from "@neondatabase/serverless";
import type { SQL } from "drizzle-orm";
import { type NeonQueryResultHKT, NeonSession, NeonTransaction } from "drizzle-orm/neon-serverless/session";
import { type PgDatabase, PgDialect } from "drizzle-orm/pg-core";
import { FencedError, TransientError } from "../core/errors.ts";
import { knowErrorOfConnection, sqlState, translateDatabaseError } from "./errors.ts";
import { type FenceText, isFenced } from "./fence.ts";
import { isLoopback } from "./neon-http.ts";
import { guardClient, type Savepoints } from "./transaction-guard.ts";
import { watchStatus } from "./transaction-status.ts";
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

export type WebSocketMaker = NonNullable<NeonConfig["webSocketConstructor"]>;

// Neon takes the password ahead of its question, which saves a round trip; so does the gateway.
neonConfig.pipelineConnect = "password";
neonConfig.wsProxy = (host, port) => (isLoopback(host) ? `${host}:${port}/v2` : `${host}/v2`);
// Times and numerics stay text, as over HTTP (`values.ts`) and as drizzle reads them: date, timestamp, timestamptz,
// interval, and the arrays of these and of numeric.
for (const type of [1082, 1114, 1184, 1186, 1182, 1115, 1185, 1187, 1231]) {
  types.setTypeParser(type, (text: string) => text);
}
knowErrorOfConnection(DatabaseError);

const dialect = new PgDialect();

const statementFailed =
  "The transaction was rolled back, because a statement in it had failed and its error was not passed on. Let the error through, or run the statement in a savepoint (tx.transaction).";

/** An open connection and what became of it. */
interface Link {
  readonly client: Client;
  /** Fulfilled when the connection is lost; whoever waits for an answer fails then. */
  readonly ended: Promise<void>;
  /** Null while the connection stands. */
  lost: unknown;
  /** Counts the connection as lost, once and for all. */
  lose(reason: unknown): void;
}

function createLink(client: Client): Link {
  let announce: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    announce = resolve;
  });
  const link: Link = {
    client,
    ended,
    lost: null,
    lose(reason) {
      link.lost ??= reason;
      announce();
    },
  };
  return link;
}

/** The driver queues a statement on a connection that has just died and never answers it; so nobody waits beyond its end. */
async function ask(link: Link, statement: readonly unknown[]): Promise<{ readonly command: string }> {
  if (link.lost !== null) throw translateDatabaseError(link.lost, "driver");
  const answer = (link.client.query as (...all: unknown[]) => Promise<{ command: string }>)(...statement);
  const dead = link.ended.then((): never => {
    throw translateDatabaseError(link.lost, "driver");
  });
  try {
    return await Promise.race([answer, dead]);
  } catch (error) {
    // The server's last word: it closes the connection, and the news of that may take its time.
    if (lastWords.has(String((error as { severity?: unknown } | null)?.severity))) link.lose(error);
    throw error;
  }
}

/** Severities after which Postgres ends the connection: https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-SEVERITY-LEVELS */
const lastWords: ReadonlySet<string> = new Set(["FATAL", "PANIC"]);

/** A worker that froze in a transaction keeps its locks no longer than a statement may take and this, ms. */
const idleMarginMs = 2_000;

/** Time that connecting may take, ms. */
const connectLimitMs = 10_000;

/**
 * @throws {TransientError} transactions need a WebSocket, and this runtime has none. No retry helps; but events must wait
 *   for a host that has one, and not become dead letters.
 */
function requireWebSocket(): void {
  if (typeof WebSocket !== "undefined" || neonConfig.webSocketConstructor !== undefined) return;
  throw new TransientError(
    'This runtime has no WebSocket, over which transactions reach Postgres. Expected Workers, Deno, or Node 22 or newer; on an older Node give the driver one: neonConfig.webSocketConstructor = ws, of "@neondatabase/serverless".',
    { backend: "postgres" },
  );
}

/** Where a session leads. */
export interface SessionTarget {
  readonly connectionString: string;
  /** This machine, without TLS. */
  readonly isLoopback: boolean;
  /** Null: the runtime's own WebSocket. */
  readonly socket: WebSocketMaker | null;
}

/**
 * @param entering what each transaction begins with; null: nothing
 * @throws {TransientError} Postgres is not reachable
 */
export async function openSession(
  { connectionString, isLoopback, socket }: SessionTarget,
  options: SessionOptions,
  entering: SQL | null,
): Promise<Session> {
  // The driver's settings are global.
  neonConfig.useSecureWebSocket = !isLoopback;
  if (socket !== null) neonConfig.webSocketConstructor = socket;
  requireWebSocket();
  const client = new Client({ connectionString, connectionTimeoutMillis: connectLimitMs });
  const link = createLink(client);
  // Without a listener a dropped socket would be an unhandled error and end the isolate.
  client.on("error", (error: unknown) => link.lose(error));
  client.on("end", () => link.lose(new Error("The connection ended.")));
  try {
    await client.connect();
  } catch (error) {
    throw translateDatabaseError(error, "driver");
  }
  const status = watchStatus(client.connection, link.ended);
  const { statementTimeoutMs } = options;
  // For the transaction only: behind a pooler the next transaction on this connection may be somebody else's.
  const limit =
    statementTimeoutMs === undefined
      ? ""
      : `; SET LOCAL statement_timeout = ${Math.ceil(statementTimeoutMs)}; SET LOCAL idle_in_transaction_session_timeout = ${Math.ceil(statementTimeoutMs) + idleMarginMs}`;
  const opening = entering === null ? "" : `; ${withValues(client, entering)}`;
  const begin = (then = "", limitMs = controlLimitMs) =>
    control(link, `BEGIN${limit}${opening}${then}`, limitMs);
  /** It may wait for a row that somebody else has locked, as long as Postgres lets it. */
  const firstLimitMs = Math.max(controlLimitMs, (statementTimeoutMs ?? 0) + idleMarginMs);
  /** @returns the rows of `first`. A transaction in which it failed is rolled back. */
  const beginWith = async (first: SQL, opened: Promise<unknown> | null): Promise<readonly unknown[]> => {
    const text = withValues(client, first);
    await opened;
    try {
      return (await (opened === null ? begin(`; ${text}`, firstLimitMs) : control(link, text, firstLimitMs)))
        .rows;
    } catch (error) {
      await rollback(link);
      throw error;
    }
  };
  let begun = options.begins === true ? begin() : null;
  // Whoever runs the transaction is told.
  begun?.catch(() => undefined);
  return {
    get broken() {
      return link.lost !== null;
    },
    async transaction<T>(
      run: (tx: Tx, first: readonly unknown[]) => Promise<T>,
      { first, last, fence, savepoints }: TransactionFrame = {},
    ): Promise<T> {
      const opened = begun;
      begun = null;
      let rows: readonly unknown[] = [];
      if (first === undefined) await (opened ?? begin());
      else rows = await beginWith(first, opened);
      const guard = guardClient((args) => ask(link, args), status, savepoints ?? null);
      let result: T;
      let ending: Ending | undefined;
      const texts: string[] = [];
      try {
        result = await run(beginTx(guard.client), rows);
        guard.end();
        ending = await last?.();
        for (const statement of ending?.statements ?? []) texts.push(withValues(client, statement));
      } catch (error) {
        guard.close();
        ending?.failed?.(true);
        await rollback(link);
        throw translateDatabaseError(error, "caller");
      }
      const told = texts.length;
      if (fence !== undefined) texts.push(fence);
      try {
        const answers = await commit(link, texts);
        // Postgres answers COMMIT with ROLLBACK, and no error, when a statement had failed and somebody caught its error.
        if (answers.at(-1)?.command !== "COMMIT") throw new TransientError(statementFailed);
        ending?.committed?.(answers.slice(0, told).map((answer) => answer.rows));
      } catch (error) {
        ending?.failed?.(link.lost === null);
        throw error;
      }
      return result;
    },
    async trial<T>(run: (tx: Tx) => Promise<T>, watch: StatementWatch): Promise<Trial<T>> {
      const beginning = begun ?? begin();
      begun = null;
      await beginning;
      const guard = guardClient((args) => watched(args, ask(link, args), watch), status, null);
      try {
        const before = await control(link, beginTrialText);
        const result = await run(beginTx(guard.client));
        guard.end();
        const behind = await control(link, countsText);
        return {
          result,
          changes: changesBetween(
            before.rows as readonly TableChange[],
            behind.rows as readonly TableChange[],
          ),
        };
      } catch (error) {
        // As COMMIT would answer.
        if (sqlState(error) === "25P02") throw new TransientError(statementFailed);
        throw translateDatabaseError(error, "caller");
      } finally {
        guard.close();
        await rollback(link);
      }
    },
    async close() {
      await endClient(link);
      link.lose(new Error("The session was closed."));
    },
  };
}

/** Time that saying goodbye may take, ms; whoever closes or gives up does not depend on the other side's answer. */
const goodbyeLimitMs = 1_000;
/** Time for the answer to BEGIN or COMMIT, ms. Statements in between are bounded by the handler's time limit. */
const controlLimitMs = 30_000;

/** @returns true when the work came to an end, good or bad, before the limit */
async function endsWithin(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const done = work.then(
    () => true,
    () => true,
  );
  const inTime = await Promise.race([done, limit]);
  clearTimeout(timer);
  return inTime;
}

/** The driver's own `end` waits for an event that never comes when the connection is gone already. */
async function endClient({ client, ended }: Link): Promise<void> {
  await endsWithin(goodbyeLimitMs, Promise.race([ended, client.end()]));
}

interface Answer {
  /** The command tag. */
  readonly command: string;
  readonly rows: readonly unknown[];
}

/** What is asked around the statements of a transaction. @returns the answer to the last of several */
async function control(link: Link, asked: string, limitMs = controlLimitMs): Promise<Answer> {
  const answers = await controlAll(link, asked, limitMs);
  return answers.at(-1) as Answer;
}

/** The same. @returns the answers to all of several */
async function controlAll(link: Link, asked: string, limitMs = controlLimitMs): Promise<readonly Answer[]> {
  const answer = ask(link, [asked]);
  if (!(await endsWithin(limitMs, answer))) await giveUp(link, "BEGIN or COMMIT");
  try {
    // Several statements at once have several answers.
    const answers: unknown = await answer;
    return (Array.isArray(answers) ? answers : [answers]) as Answer[];
  } catch (error) {
    throw translateDatabaseError(error, "driver");
  }
}

/** @returns the answers to the statements of `ending`, and to the COMMIT */
async function commit(link: Link, ending: readonly string[]): Promise<readonly Answer[]> {
  if (ending.length === 0) return controlAll(link, "COMMIT");
  try {
    return await controlAll(link, `${ending.join("; ")}; COMMIT`);
  } catch (error) {
    if (link.lost === null) await rollback(link);
    if (isFenced(error)) throw new FencedError();
    // A statement had failed and somebody caught its error: the fence could not be looked at.
    if (sqlState(error) === "25P02") return [{ command: "ROLLBACK", rows: [] }];
    throw error;
  }
}

/**
 * The text of a statement with its values in it, as literals that the driver writes: the only form in which several
 * statements are one message, and so one round trip.
 *
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT
 */
function withValues(client: Client, statement: SQL): string {
  const { sql: text, params } = dialect.sqlToQuery(statement);
  return text.replaceAll(/\$(\d+)/g, (_slot, place: string) => {
    const value: unknown = params[Number(place) - 1];
    if (value === null || value === undefined) return "NULL";
    if (!["string", "number", "boolean"].includes(typeof value)) {
      throw new Error(
        `A statement that travels with BEGIN or COMMIT has a value that is neither text nor number, at $${place}.`,
      );
    }
    return client.escapeLiteral(String(value));
  });
}

/** After a failure the first error counts. Postgres rolls back by itself when the connection ends. */
async function rollback(link: Link): Promise<void> {
  if (link.lost !== null) return;
  if (!(await endsWithin(goodbyeLimitMs, ask(link, ["ROLLBACK"])))) await giveUp(link, "ROLLBACK");
}

/** Leaves a connection that does not answer; what waits for it fails. */
async function giveUp(link: Link, unanswered: string): Promise<void> {
  link.lose(new Error(`The connection did not answer ${unanswered}.`));
  await endClient(link);
}

function beginTx(client: Client): Tx {
  const session = new NeonSession(client, dialect, undefined, {});
  return new NeonTransaction(dialect, session, undefined) as unknown as Tx;
}
