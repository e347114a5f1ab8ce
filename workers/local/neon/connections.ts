/** Postgres connections for SQL over HTTP: shared by requests, one at a time, and never with something left behind. */

import type pg from "pg";
import { IDLE_MS } from "./backends.ts";
import { postgresErrorFields, postgresSettings, RefusedSqlError } from "./database.ts";
import { cancelled, type Leaving, Places } from "./places.ts";
import { type CuttablePool, cuttablePool } from "./pools.ts";
import { type LeavingFunctions, leavingFunctionsQuery } from "./session-state.ts";
import type { Terminator } from "./terminate.ts";
import type { ArrayType } from "./values.ts";

export interface NeonConnectionsOptions {
  readonly databaseUrl: string;
  /** Connections to one database at a time; further requests wait. */
  readonly maxConnections: number;
  /** So many of them for one database; further ones are refused. */
  readonly maxWaiting: number;
  readonly connectTimeoutMs: number;
  /** A larger answer ends its connection. Neon allows 64 MB. */
  readonly maxAnswerBytes: number;
  readonly terminator: Terminator;
  readonly functions: LeavingFunctions;
}

/** A connection for one request. */
export interface Lease {
  readonly client: pg.PoolClient;
  readonly database: string;
  /** Array types of the database that were looked up before; null for types that are none. Grows with use. */
  readonly arrayTypes: Map<number, ArrayType | null>;
  /** Whether the statements of the request may leave something to the next one. True until it is known better. */
  mayLeaveState: boolean;
  /** Others have been told that it may make a function that leaves something, and are told when it is over. */
  isDoubtful: boolean;
}

interface DatabasePool extends CuttablePool {
  readonly arrayTypes: Map<number, ArrayType | null>;
}

/** What the current request on a connection did to it. */
interface Watch {
  /** Why the connection was cut off, or null. */
  refusal: RefusedSqlError | null;
  receivedBytes: number;
}

/**
 * Messages of Postgres that take the connection out of request and answer. After COPY FROM STDIN nothing comes back before
 * data was sent, which SQL over HTTP has none of; all of them are refused by Neon too.
 */
const leavingMessages = {
  copyInResponse: "COPY FROM STDIN",
  copyOutResponse: "COPY TO STDOUT",
  replicationStart: "COPY in both directions",
} as const;

/**
 * After an error that Postgres told, the connection goes on, unless it was the last word of its session.
 *
 * Source: https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-SEVERITY-LEVELS
 */
function leavesBroken(error: unknown): boolean {
  const fields = postgresErrorFields(error);
  return fields === null || fields.severity === "FATAL" || fields.severity === "PANIC";
}

export class NeonConnections {
  readonly #options: NeonConnectionsOptions;
  readonly #pools = new Map<string, DatabasePool>();
  readonly #watches = new WeakMap<pg.Client, Watch>();
  readonly #places: Places;

  constructor(options: NeonConnectionsOptions) {
    this.#options = options;
    this.#places = new Places(options.maxConnections, options.maxWaiting);
  }

  /**
   * Runs `work` on a connection to `database`. When its client leaves meanwhile, its statement and transaction end
   * without effect.
   *
   * @throws RefusedSqlError when too many wait already, or when `work` made the connection unusable, with the reason;
   * else whatever `work` throws.
   */
  async use<T>(database: string, leaving: Leaving, work: (lease: Lease) => Promise<T>): Promise<T> {
    await this.#places.take(database, leaving);
    try {
      return await this.#run(database, leaving, work);
    } finally {
      this.#places.free(database);
    }
  }

  async #run<T>(database: string, leaving: Leaving, work: (lease: Lease) => Promise<T>): Promise<T> {
    const entry = this.#poolOf(database);
    const client = await this.#connect(database, entry.pool);
    const watch = this.#watches.get(client) ?? { refusal: null, receivedBytes: 0 };
    watch.receivedBytes = 0;
    const lease: Lease = {
      client,
      database,
      arrayTypes: entry.arrayTypes,
      mayLeaveState: true,
      isDoubtful: false,
    };
    let broken = true;
    try {
      if (leaving.left) {
        lease.mayLeaveState = false;
        broken = false;
        throw cancelled();
      }
      leaving.onLeave = () => {
        watch.refusal ??= cancelled();
        void this.#terminate(client);
      };
      const result = await work(lease);
      // The whole answer may have been read before the connection was cut off.
      if (watch.refusal !== null) throw watch.refusal;
      broken = false;
      return result;
    } catch (error) {
      broken = broken && leavesBroken(error);
      throw watch.refusal ?? error;
    } finally {
      leaving.onLeave = null;
      await this.#release(lease, broken || watch.refusal !== null);
    }
  }

  /** Closes the idle connections to a database, so that it can be dropped or used as a template. */
  async closeIdle(database: string): Promise<void> {
    const entry = this.#pools.get(database);
    this.#pools.delete(database);
    await entry?.pool.end();
  }

  /** Ends all connections, also those in use. */
  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map(({ cut }) => cut()));
  }

  #poolOf(database: string): DatabasePool {
    const known = this.#pools.get(database);
    if (known) return known;
    const settings = {
      ...postgresSettings(this.#options.databaseUrl, database),
      max: this.#options.maxConnections,
      idleTimeoutMillis: IDLE_MS,
      connectionTimeoutMillis: this.#options.connectTimeoutMs,
      allowExitOnIdle: true,
      keepAlive: true,
      pipeline: true,
    };
    const { pool, cut } = cuttablePool(settings);
    pool.on("connect", (client) => this.#watch(client));
    const entry = { pool, cut, arrayTypes: new Map<number, ArrayType | null>() };
    this.#pools.set(database, entry);
    return entry;
  }

  async #connect(database: string, pool: pg.Pool): Promise<pg.PoolClient> {
    try {
      return await pool.connect();
    } catch (error) {
      // Whoever tries names of databases that do not exist leaves no pools behind.
      if (pool.totalCount === 0 && this.#pools.get(database)?.pool === pool) void this.closeIdle(database);
      throw error;
    }
  }

  /** Decided by what Postgres says and not by the text of a statement: a function or a rule may hold anything. */
  #watch(client: pg.Client): void {
    const watch: Watch = { refusal: null, receivedBytes: 0 };
    this.#watches.set(client, watch);
    const { connection } = client;
    const cutOff = (refusal: RefusedSqlError) => {
      watch.refusal ??= refusal;
      connection.stream.destroy();
    };
    for (const [message, what] of Object.entries(leavingMessages)) {
      connection.on(message, () => {
        const text = `${what} needs a stream of data, which SQL over HTTP has none of; use a session over WebSocket`;
        cutOff(new RefusedSqlError(400, { message: text }));
      });
    }
    const { maxAnswerBytes } = this.#options;
    connection.stream.on("data", (chunk: Buffer) => {
      watch.receivedBytes += chunk.length;
      if (watch.receivedBytes <= maxAnswerBytes) return;
      cutOff(new RefusedSqlError(507, { message: `response is too large (max is ${maxAnswerBytes} bytes)` }));
    });
  }

  async #terminate(client: pg.PoolClient): Promise<void> {
    const { processID } = client as pg.PoolClient & { readonly processID: number };
    await this.#options.terminator.terminate(processID);
    client.connection.stream.destroy();
  }

  /** Gives the connection back as a fresh session, or ends it when its transaction is still open. */
  async #release(lease: Lease, broken: boolean): Promise<void> {
    const { client } = lease;
    if (lease.isDoubtful) this.#options.functions.settle(lease.database);
    if (broken || client.getTransactionStatus() !== "I") {
      client.release(true);
      return;
    }
    try {
      const mayHaveLeft = (await this.#functionsMayLeave(lease)) || lease.mayLeaveState;
      if (mayHaveLeft) await client.query("DISCARD ALL");
      client.release();
    } catch (error) {
      client.release(error instanceof Error ? error : true);
    }
  }

  /** Says, before statements run, whether one of them may leave something in the session. */
  begin(lease: Lease, mayLeaveState: boolean): void {
    lease.mayLeaveState = mayLeaveState;
    lease.isDoubtful = mayLeaveState;
    if (mayLeaveState) this.#options.functions.doubt(lease.database);
  }

  async #functionsMayLeave({ client, database }: Lease): Promise<boolean> {
    const { functions } = this.#options;
    const known = functions.in(database);
    if (known !== null) return known;
    const note = functions.look(database);
    // An old server does not know all that is asked.
    const found = await client.query(leavingFunctionsQuery).then(
      ({ rowCount }) => rowCount !== 0,
      () => true,
    );
    note(found);
    return found;
  }
}
