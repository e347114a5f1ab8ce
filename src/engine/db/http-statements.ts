import type { NeonHttpDatabase } from "drizzle-orm/neon-http";
import { NeonHttpSession } from "drizzle-orm/neon-http/session";
import { PgDatabase, PgDialect } from "drizzle-orm/pg-core";
import { type Answer, type BuiltStatement, type NeonHttp, toLists, toRows } from "./neon-http.ts";

/*
 * Drizzle over our own calls. Its own way to Neon's HTTP begins with the driver, which would then be a part of each start.
 */

/** Statements outside a transaction, one HTTP round trip each; `batch([...])` runs several in one transaction. */
export type Statements = Omit<NeonHttpDatabase<Record<string, never>>, "$withAuth">;

/** Over what drizzle's statements run. */
export interface StatementTarget {
  readonly http: NeonHttp;
  /** The first statement of each transaction, so of each statement; null: there is none. */
  readonly entering: BuiltStatement | null;
}

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

/** @param target null: statements are only built, and none is run */
export function drizzleOver(target: StatementTarget | null): Statements {
  const client = target === null ? {} : clientOver(target);
  const session = new NeonHttpSession(client as never, dialect, undefined);
  const database = new PgDatabase(dialect, session as never, undefined);
  return Object.assign(database, {
    batch: (statements: Parameters<typeof session.batch>[0]) => session.batch(statements),
  }) as unknown as Statements;
}

/** What drizzle needs of the driver's function. */
function clientOver({ http, entering }: StatementTarget) {
  const run = async (asked: readonly Asked[]): Promise<unknown[]> => {
    const [first] = asked;
    if (first === undefined) return [];
    const answers =
      entering === null
        ? asked.length === 1
          ? [await http.one(first)]
          : await http.batch(asked)
        : (await http.batch([entering, ...asked])).slice(1);
    return answers.map((answer, place) => toResult(answer, asked[place]?.shape));
  };
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
