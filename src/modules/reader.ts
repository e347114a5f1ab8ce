import type { Database, Tx } from "@brain/engine";
import type { SQL } from "drizzle-orm";

/** Rows of one statement. Ports read through it, so that they answer in a transaction and outside of one alike. */
export type Reader = (statement: SQL) => Promise<readonly Readonly<Record<string, unknown>>[]>;

export function readerOf(db: Database): Reader {
  return (statement) => db.rows(statement);
}

/** Sees what the transaction has changed. */
export function readerIn(tx: Tx): Reader {
  return async (statement) => (await tx.execute(statement)).rows;
}
