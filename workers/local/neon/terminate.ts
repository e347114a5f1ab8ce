/** Ends what a Postgres connection is doing when nobody waits for it any more. */

import pg from "pg";
import { postgresSettings } from "./database.ts";

export interface Terminator {
  /**
   * Ends the backend, and with it the statement and the transaction it is in, before it says that it is done. A cancel
   * request would not do: it hits nothing when it comes a moment before the statement begins.
   *
   * Never fails: without Postgres there is no backend either.
   */
  terminate(processId: number): Promise<void>;
  close(): Promise<void>;
}

/** One connection of its own, opened when it is needed: those of the clients may all be busy. */
export function createTerminator(databaseUrl: string): Terminator {
  const pool = new pg.Pool({
    ...postgresSettings(databaseUrl),
    max: 1,
    idleTimeoutMillis: 1000,
    connectionTimeoutMillis: 5000,
    allowExitOnIdle: true,
  });
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return {
    async terminate(processId) {
      await pool.query("SELECT pg_catalog.pg_terminate_backend($1)", [processId]).catch(() => undefined);
    },
    close: () => pool.end(),
  };
}
