import type { Database, Session } from "../../db/database.ts";
import type { Consumer } from "../consumer.ts";

/** One connection, opened when first needed, opened anew when it broke. */
export interface Lane {
  /** Begins to open it, so that it is there when it is needed. */
  prepare(): void;
  session(): Promise<Session>;
  close(): Promise<void>;
}

export function createLane({ db, consumer }: { readonly db: Database; readonly consumer: Consumer }): Lane {
  let opening: Promise<Session> | null = null;
  const open = () => {
    opening ??= db.open({ statementTimeoutMs: consumer.handlerTimeoutMs });
    return opening;
  };
  return {
    prepare() {
      // Whoever needs it is told what went wrong.
      open().catch(() => undefined);
    },
    async session() {
      const session = await open().catch((error: unknown) => {
        opening = null;
        throw error;
      });
      if (!session.broken) return session;
      opening = null;
      await session.close();
      return open();
    },
    async close() {
      const last = opening;
      opening = null;
      await last?.then(
        (session) => session.close(),
        () => undefined,
      );
    },
  };
}
