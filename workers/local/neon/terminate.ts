/** Ends what a Postgres connection is doing when nobody waits for it any more. */

import { postgresSettings } from "./database.ts";
import { cuttablePool } from "./pools.ts";

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
  const { pool, cut } = cuttablePool({
    ...postgresSettings(databaseUrl),
    max: 1,
    idleTimeoutMillis: 1000,
    connectionTimeoutMillis: 5000,
    allowExitOnIdle: true,
  });
  return {
    async terminate(processId) {
      await pool.query("SELECT pg_catalog.pg_terminate_backend($1)", [processId]).catch(() => undefined);
    },
    close: cut,
  };
}
