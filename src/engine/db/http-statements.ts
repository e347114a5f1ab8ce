import type { NeonHttpDatabase } from "drizzle-orm/neon-http";
import { NeonHttpSession } from "drizzle-orm/neon-http/session";
import { PgDatabase, PgDialect } from "drizzle-orm/pg-core";
import { type Answer, type BuiltStatement, toLists, toRows } from "./neon-http.ts";

/*
 * Drizzle over our own calls. Its own way to Neon's HTTP begins with the driver, which would then be a part of each start.
 */

/** Statements outside a transaction, one HTTP round trip each; `batch([...])` runs several in one transaction. */
export type Statements = Omit<NeonHttpDatabase<Record<string, never>>, "$withAuth">;

/**
 * Asks statements in one transaction; the answer to each.
 *
 * @param mayTakeMs what they may take where that can be longer than usual, ms; left out: one of them may go by itself
 */
export type AskHttp = (
  statements: readonly BuiltStatement[],
  mayTakeMs?: number,
) => Promise<readonly Answer[]>;

/** As drizzle asks for a statement's rows. */
interface Shape {
  /** Each row is a list of values; else an object by the names of columns. */
  readonly arrayMode?: boolean | undefined;
}

/** A statement that is asked when somebody waits for it, or together with others. */
interface Asked extends BuiltStatement, PromiseLike<unknown> {
  readonly shape: Shape;
}

const dialect = new PgDialect();

/** @param ask null: statements are only built, and none is run */
export function drizzleOver(ask: AskHttp | null): Statements {
  const client = ask === null ? {} : clientOver(ask);
  const session = new NeonHttpSession(client as never, dialect, undefined);
  const database = new PgDatabase(dialect, session as never, undefined);
  return Object.assign(database, {
    batch: (statements: Parameters<typeof session.batch>[0]) => session.batch(statements),
  }) as unknown as Statements;
}

/** What drizzle needs of the driver's function. */
function clientOver(ask: AskHttp) {
  const run = async (asked: readonly Asked[]): Promise<unknown[]> =>
    (await ask(asked)).map((answer, place) => toResult(answer, asked[place]?.shape));
  return {
    query(sql: string, params: readonly unknown[], shape: Shape): Asked {
      const asked: Asked = {
        sql,
        params,
        shape,
        // biome-ignore lint/suspicious/noThenProperty: drizzle waits for what the driver's function gives
        then: (fulfilled, rejected) =>
          run([asked])
            .then(([result]) => result)
            .then(fulfilled, rejected),
      };
      return asked;
    },
    transaction: run,
  };
}

function toResult(answer: Answer, shape: Shape | undefined) {
  const { command, rowCount, fields } = answer;
  return { command, rowCount, fields, rows: shape?.arrayMode ? toLists(answer) : toRows(answer) };
}
