import type { Logger } from "../core/log.ts";
import type { Database, Tx } from "../db/database.ts";
import type { Publish, PublishContext } from "../publish/publish.ts";

/** What one HTTP request may use. Lives for that request only. */
export interface RequestServices {
  readonly requestId: string;
  /** Who calls, as an id; null when the caller is anonymous (public catalogue). */
  readonly actorId: string | null;
  readonly db: Database;
  readonly log: Logger;
  readonly now: () => Date;
  /**
   * Runs `run` in one Postgres transaction. Events given to `publish` commit with it; after the commit the relay and
   * the consumers are started in the background. Nothing is published when `run` throws.
   */
  transact<T>(context: PublishContext, run: (tx: Tx, publish: Publish) => Promise<T>): Promise<T>;
  /** Keeps the invocation alive for work that outlives the answer; errors are logged. */
  waitUntil(work: Promise<unknown>): void;
}

/** The Hono environment that all module routes share. */
export interface ModuleEnv {
  Variables: { services: RequestServices };
}
