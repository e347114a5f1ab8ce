import { Param, type Query, SQL, type SQLWrapper } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";

/*
 * Building the text of a statement out of its parts takes drizzle longer than sending it: for a lone event, about a
 * seventh of all the processor's time. So a statement that runs with each event or batch is built at its first use, and
 * its text is kept; what changes from call to call travels as parameters, as it always does.
 */

/** Place of an argument; the parameter at its place in the text has its value. */
class Slot {
  readonly argument: number;

  constructor(argument: number) {
    this.argument = argument;
  }
}

/** What is written into the text of a statement for each of its arguments. */
type Slots<Arguments extends readonly unknown[]> = { readonly [Place in keyof Arguments]: SQLWrapper };

const dialect = new PgDialect();

/** Stands where the parts of a statement would be, and are not any more. */
const partless: SQLWrapper = {
  getSQL() {
    throw new Error(
      "A kept statement cannot be a part of another one: only its text is left. Keep the whole, and write the part as a function that gives SQL.",
    );
  },
  shouldOmitSQLParens: () => true,
};

class KeptStatement extends SQL {
  readonly #build: () => Query;

  constructor(build: () => Query) {
    super([partless as never]);
    this.#build = build;
  }

  override toQuery(): Query {
    return this.#build();
  }
}

/**
 * A statement whose text is built once in each isolate, when it is first sent. `build` gets a slot for each argument, to
 * be written into `sql` like a value, any number of times. It never sees the values: what changes the text makes another
 * statement.
 *
 * ```ts
 * const renewSql = keepSql<[shard: number, token: string]>(
 *   (shard, token) => sql`UPDATE leases SET until = now() WHERE shard = ${shard} AND token = ${token}::uuid`,
 * );
 * await db.rows(renewSql(0, token));
 * ```
 *
 * An array is one parameter, to be cast: `${ids}::text[]`.
 */
export function keepSql<Arguments extends readonly unknown[] = []>(
  build: (...slots: Slots<Arguments>) => SQL,
): (...values: Arguments) => SQL {
  let kept: Query | null = null;
  return (...values) =>
    new KeptStatement(() => {
      kept ??= dialect.sqlToQuery(
        build(...(values.map((_, place) => new Param(new Slot(place))) as unknown as Slots<Arguments>)),
      );
      const params = kept.params.map((param) => (param instanceof Slot ? values[param.argument] : param));
      return { sql: kept.sql, params };
    });
}
