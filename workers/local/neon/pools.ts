/** Pools of Postgres connections that end at once. */

import pg from "pg";

export interface CuttablePool {
  readonly pool: pg.Pool;
  /**
   * Ends it with all its connections, also those in use and those that are still being opened. `end` of a pool waits for
   * what they are doing, which is for ever when Postgres is there and says nothing.
   */
  cut(): Promise<void>;
}

/** What goes wrong with a connection while nobody uses it ends that connection alone. */
export function cuttablePool(settings: pg.PoolConfig): CuttablePool {
  const open = new Set<pg.Client>();
  class KnownClient extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super(config);
      open.add(this);
      this.once("end", () => open.delete(this));
      // One that is in use tells its loss through its query as well; without a listener the program would end.
      this.on("error", () => undefined);
    }
  }
  const pool = new pg.Pool({ ...settings, Client: KnownClient });
  // An idle one that Postgres ends (restart, DROP DATABASE … WITH FORCE) leaves the pool.
  pool.on("error", () => undefined);
  return {
    pool,
    async cut() {
      const ended = pool.end();
      for (const { connection } of open) connection.stream.destroy();
      await ended;
    },
  };
}
