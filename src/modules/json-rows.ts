import { getTableColumns, type InferSelectModel } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";

/** A row as `to_jsonb(row)` gives it: columns by their SQL names, times as ISO text. */
export type JsonRow = Readonly<Record<string, unknown>>;

/**
 * A row that a statement gave as JSON, as its table has it; for statements that give rows of several tables. Whole
 * numbers beyond 2^53 lose digits on the way.
 */
export function fromJsonRow<T extends PgTable>(table: T, row: JsonRow): InferSelectModel<T> {
  const fields = Object.entries(getTableColumns(table)).map(([field, column]) => {
    const value = row[column.name] ?? null;
    return [field, value === null ? null : column.mapFromDriverValue(value)];
  });
  return Object.fromEntries(fields) as InferSelectModel<T>;
}
