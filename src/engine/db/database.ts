import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import type { SubrequestMeter } from "../core/budget.ts";
import { TransientError } from "../core/errors.ts";
import type { WebSocketMaker } from "./connection.ts";
import { translateDatabaseError } from "./errors.ts";
import { type AskHttp, drizzleOver, type Statements } from "./http-statements.ts";
import type { LastStatement } from "./last-statement.ts";
import { connectHttp, isLoopback, type NeonHttp, toRows } from "./neon-http.ts";
import type { Session, SessionOptions, TransactionFrame, Tx } from "./session.ts";
import { enterTenantSql, requireTenant } from "./tenant-session.ts";

export { endedByWord, type FenceText, fenceText, isFenced } from "./fence.ts";
export type { Statements } from "./http-statements.ts";
export type { LastStatement } from "./last-statement.ts";
export type { Ending, Session, SessionOptions, TransactionFrame, Tx } from "./session.ts";
export type { Savepoints } from "./transaction-guard.ts";

/** Builds statements with drizzle and runs none: `build.insert(table).values(…)` is a statement to hand on. */
export type StatementBuilder = Pick<Tx, "insert" | "update" | "delete" | "select" | "$with" | "with">;

export const statementBuilder: StatementBuilder = drizzleOver(null) as unknown as StatementBuilder;

/** Postgres as the edge reaches it. Holds no connection: each session is opened and closed inside the invocation. */
export interface Database {
  readonly statements: Statements;
  /** Whose database it is (`ofTenant`); null: that of all tenants. */
  readonly tenantId: string | null;
  /** Rows of one statement, over HTTP. Columns keep their SQL names; cast in SQL to the type you want. */
  rows<Row>(statement: SQL): Promise<Row[]>;
  /**
   * Several statements in one transaction and one HTTP round trip; the rows of each. All or nothing.
   *
   * @param mayTakeMs what they may take where that can be longer than usual, ms
   */
  batch(statements: readonly SQL[], mayTakeMs?: number): Promise<unknown[][]>;
  /** @throws {TransientError} Postgres is not reachable */
  open(options?: SessionOptions): Promise<Session>;
  /** `open`, one transaction, `close`. */
  transaction<T>(run: (tx: Tx) => Promise<T>, frame?: Omit<TransactionFrame, "first">): Promise<T>;
  /**
   * The same database for one tenant: Postgres itself shows and takes only rows of that tenant, whatever a statement
   * asks for. It costs no further round trip. See `README.md` beside this file.
   *
   * @throws {Error} it is the database of another tenant already, or `tenantId` can be nobody's
   */
  ofTenant(tenantId: string): Database;
  /**
   * The same database, whose transactions end with a statement more: those of one statement or a list too, whichever way
   * they go. It costs no further round trip. Trials are rolled back, and have none.
   *
   * @throws {Error} its transactions end with another one already
   */
  endingWith(last: LastStatement): Database;
}

/**
 * Sets the WebSocket over which transactions travel, for all databases of this program; for hosts that have none, or one
 * that is slow. The default is that of the runtime.
 */
export function useWebSocket(Socket: WebSocketMaker): void {
  isolateWebSocket = Socket;
}

/** Null: the runtime's own. */
let isolateWebSocket: WebSocketMaker | null = null;

const dialect = new PgDialect();

/**
 * What opens connections; null: it was not needed yet. No promise of it is kept: an isolate's requests must not wait for
 * each other's.
 */
let isolateSessions: typeof import("./session.ts") | null = null;

/** @throws {TransientError} it cannot be loaded: a fault of the deployment, for which no event is to blame */
async function loadSessions() {
  try {
    isolateSessions = await import("./session.ts");
    return isolateSessions;
  } catch (cause) {
    throw new TransientError("The part that opens connections to Postgres could not be loaded.", {
      cause,
      backend: "postgres",
    });
  }
}

/**
 * What of a database can be kept from one invocation to the next: it is read once where it lies, and nothing is open.
 *
 * @param connectionString `postgres://user:password@host[:port]/database`, of Neon or of a gateway on loopback
 * @returns gives the database of an invocation. `meter` counts each HTTP call and each connection; null where nothing
 *   limits them
 */
export function prepareDatabase(connectionString: string): (meter: SubrequestMeter | null) => Database {
  const http = connectHttp(connectionString);
  const target = { connectionString, isLoopback: isLoopback(new URL(connectionString).hostname) };
  return (meter) => {
    const overHttp = async <T>(run: () => Promise<T>): Promise<T> => {
      meter?.count();
      try {
        return await run();
      } catch (error) {
        throw translateDatabaseError(error, "driver");
      }
    };
    /** @param tenantId null: the rows of all @param last null: transactions end with what is asked */
    const databaseOf = (tenantId: string | null, last: LastStatement | null): Database => {
      const entering = tenantId === null ? null : enterTenantSql(tenantId);
      const ask = askWithin(http, entering, last);
      const open = async (options: SessionOptions = {}) => {
        meter?.count();
        const { openSession } = isolateSessions ?? (await loadSessions());
        return openSession({ ...target, socket: isolateWebSocket }, options, { entering, last });
      };
      let statements: Statements | null = null;
      return {
        tenantId,
        get statements() {
          statements ??= drizzleOver(ask);
          return statements;
        },
        rows<Row>(statement: SQL): Promise<Row[]> {
          const built = dialect.sqlToQuery(statement);
          return overHttp(async () => {
            const [answer] = await ask([built]);
            return answer === undefined ? [] : (toRows(answer) as Row[]);
          });
        },
        batch(statements, mayTakeMs) {
          const built = statements.map((statement) => dialect.sqlToQuery(statement));
          return overHttp(async () => (await ask(built, mayTakeMs ?? 0)).map(toRows));
        },
        open,
        async transaction(run, frame) {
          const session = await open({ begins: true });
          try {
            return await session.transaction(run, frame);
          } finally {
            await session.close();
          }
        },
        ofTenant(asked) {
          requireTenant(asked);
          if (tenantId === null) return databaseOf(asked, last);
          if (asked === tenantId) return this;
          throw new Error(`This database is that of one tenant, and "${asked.slice(0, 100)}" is another.`);
        },
        endingWith(asked) {
          if (last === null) return databaseOf(tenantId, asked);
          throw new Error("Transactions of this database end with another statement already.");
        },
      };
    };
    return databaseOf(null, null);
  };
}

/** Asks statements in one transaction, between what each of them begins and ends with. @returns the answers to these */
function askWithin(http: NeonHttp, entering: SQL | null, last: LastStatement | null): AskHttp {
  const before = entering === null ? [] : [dialect.sqlToQuery(entering)];
  return async (asked, mayTakeMs) => {
    if (asked.length === 0) return [];
    const ending = last?.statement() ?? null;
    const all = [...before, ...asked, ...(ending === null ? [] : [dialect.sqlToQuery(ending)])];
    try {
      const [only, ...others] = all;
      const answers =
        only !== undefined && others.length === 0 && mayTakeMs === undefined
          ? [await http.one(only)]
          : await http.batch(all, mayTakeMs);
      return answers.slice(before.length, before.length + asked.length);
    } catch (error) {
      throw last?.refusal(error) ?? error;
    }
  };
}

/** The database of one invocation, or of a program that makes few calls. Parameters as in `prepareDatabase`. */
export function createDatabase(connectionString: string, meter: SubrequestMeter | null = null): Database {
  return prepareDatabase(connectionString)(meter);
}
