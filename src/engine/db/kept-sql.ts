import { Param, type Query, SQL, type SQLWrapper } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";

/*
 * Building the text of a statement out of its parts takes drizzle longer than sending it: for a lone event, about a
 * seventh of all the processor's time. So a statement that runs with each event or batch is built at its first use, and
 * its text is kept; what changes from call to call travels as parameters, as it always does.
 */

/** Stands for a value while the text is built; the parameter at its place in the text has the value. */
class Slot {
  /** Index of the argument, or name of the value. */
  readonly key: PropertyKey;

  constructor(key: PropertyKey) {
    this.key = key;
  }
}

const slotFor = (key: PropertyKey): SQLWrapper => new Param(new Slot(key));

/** What is written into the text of a statement for each of its arguments or values. */
export type Slots<Values> = { readonly [Key in keyof Values]: SQLWrapper };

const dialect = new PgDialect();

/** Stands where another statement has its parts: of a kept one only the text is left. */
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
  const queryOf = keepText((values: Arguments) =>
    build(...(values.map((_, place) => slotFor(place)) as unknown as Slots<Arguments>)),
  );
  return (...values) => new KeptStatement(() => queryOf(values));
}

/**
 * The same for a statement of many values, which have names: a list of them, several of one type, would be given in the
 * wrong order one day.
 */
export function keepNamedSql<Values extends object>(
  build: (slots: Slots<Values>) => SQL,
): (values: Values) => SQL {
  const queryOf = keepText((values: Values) =>
    build(Object.fromEntries(Object.keys(values).map((name) => [name, slotFor(name)])) as Slots<Values>),
  );
  return (values) => new KeptStatement(() => queryOf(values));
}

/** @param build called once, with values of which it may look at the keys alone */
function keepText<Values extends object>(build: (values: Values) => SQL): (values: Values) => Query {
  let kept: Query | null = null;
  return (values) => {
    kept ??= dialect.sqlToQuery(build(values));
    const params = kept.params.map((param) =>
      param instanceof Slot ? Reflect.get(values, param.key) : param,
    );
    return { sql: kept.sql, params };
  };
}
