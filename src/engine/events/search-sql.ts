import { type SQL, sql } from "drizzle-orm";

/*
 * What is asked for, as conditions on the record and on the entries of other programs, and the positions of what fits.
 * Both tables have their rows in one order of positions, so a page is the first rows of both together.
 */

/** Whose entries: what this system published, what others wrote, or both. */
export type Whose = "own" | "foreign" | "all";

/** Types with `*` for any characters; the others for exactly what they say. Left out: whatever it is. */
export interface SearchFilter {
  readonly types?: readonly string[] | undefined;
  /** Bounds of `stored_at`, ISO 8601: from inclusive, to exclusive. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Bounds of the time that the event tells. */
  readonly occurred_from?: string | undefined;
  readonly occurred_to?: string | undefined;
  readonly tenant_id?: string | undefined;
  readonly actor_id?: string | undefined;
  /** Source or target. */
  readonly agent_id?: string | undefined;
  readonly source?: string | undefined;
  readonly target?: string | undefined;
  readonly module?: string | undefined;
  readonly mission_id?: string | undefined;
  readonly task_id?: string | undefined;
  readonly correlation_id?: string | undefined;
  readonly causation_id?: string | undefined;
  readonly key?: string | undefined;
  readonly severity?: string | undefined;
  /** Members of the payload, and the text of each. */
  readonly payload?: readonly PayloadMember[] | undefined;
  /** Part of the payload's JSON, in small or large letters. */
  readonly text?: string | undefined;
}

export interface PayloadMember {
  /** `["course", "id"]` for `course.id`. */
  readonly path: readonly string[];
  readonly value: string;
}

/** A table in which events are looked for, as `e`, with its columns. */
export interface SearchedTable {
  readonly name: SQL;
  readonly type: SQL;
  readonly storedAt: SQL;
}

export const recordTable: SearchedTable = {
  name: sql`events`,
  type: sql`e.type`,
  storedAt: sql`e.stored_at`,
};
export const foreignTable: SearchedTable = {
  name: sql`archived_entries`,
  type: sql`e.event_type`,
  storedAt: sql`e.archived_at`,
};

/** Columns that are compared with one value; an index gives the rows of each in the order of the pages. */
const equal = [
  ["tenant_id", sql`e.tenant_id`],
  ["actor_id", sql`e.actor_id`],
  ["source", sql`e.source`],
  ["target", sql`e.target`],
  ["module", sql`e.source_module`],
  ["mission_id", sql`e.mission_id`],
  ["task_id", sql`e.task_id`],
  ["correlation_id", sql`e.correlation_id`],
  ["causation_id", sql`e.causation_id`],
  ["key", sql`e.key`],
  ["severity", sql`e.severity`],
] as const satisfies readonly (readonly [keyof SearchFilter, SQL])[];

/** Fields of a filter that are compared with one value, as they are. */
export type EqualField = (typeof equal)[number][0];

/** Few rows have one value of these, so whatever else is asked is looked at row by row. */
const narrow = ["mission_id", "task_id", "correlation_id", "causation_id", "key"] as const;

export function isNarrow(filter: SearchFilter): boolean {
  return narrow.some((name) => filter[name] !== undefined);
}

/** True when another condition has an index of its own: with it, the rows of each type need not be walked through. */
export function hasOther(filter: SearchFilter): boolean {
  return filter.agent_id !== undefined || equal.some(([name]) => filter[name] !== undefined);
}

/** True when no index gives the rows: the record is looked through, a stretch at a time. */
export function looksThrough(filter: SearchFilter): boolean {
  return (filter.text !== undefined || filter.payload !== undefined) && !isNarrow(filter);
}

/**
 * A transaction takes no longer than this, so a row stored so long before another one has the lower position. It bounds
 * what is looked at; the time itself decides.
 */
const slack = sql.raw("interval '15 minutes'");

/** All that a row must fit but the types and the agent, which have ways of their own. */
export function conditionsOf(filter: SearchFilter, { name, storedAt }: SearchedTable): SQL[] {
  const conditions = equal.flatMap(([field, column]) => {
    const value = filter[field];
    return value === undefined ? [] : [sql`${column} = ${value}`];
  });
  const { from, to, occurred_from, occurred_to, payload = [], text } = filter;
  const outer = (condition: SQL, order: SQL) => sql`(SELECT e.position FROM ${name} e
    WHERE ${storedAt} ${condition} ORDER BY ${storedAt} ${order} LIMIT 1)`;
  if (from !== undefined) {
    const before = outer(sql`< ${from}::timestamptz - ${slack}`, sql`DESC`);
    conditions.push(sql`${storedAt} >= ${from}::timestamptz`, sql`e.position > coalesce(${before}, 0)`);
  }
  if (to !== undefined) {
    const behind = outer(sql`>= ${to}::timestamptz + ${slack}`, sql`ASC`);
    conditions.push(sql`${storedAt} < ${to}::timestamptz`);
    conditions.push(sql`e.position < coalesce(${behind}, 9223372036854775807)`);
  }
  if (occurred_from !== undefined) conditions.push(sql`e.occurred_at >= ${occurred_from}::timestamptz`);
  if (occurred_to !== undefined) conditions.push(sql`e.occurred_at < ${occurred_to}::timestamptz`);
  for (const { path, value } of payload) {
    conditions.push(sql`e.payload #>> ${sql.param([...path])}::text[] = ${value}`);
  }
  if (text !== undefined) conditions.push(sql`e.payload::text ILIKE ${`%${likeText(text)}%`}`);
  return conditions;
}

/**
 * Conditions of which one must hold; none when there are none. Each has an index of its own: with OR Postgres would read and
 * sort all that fit, or walk through the record.
 */
export function waysOf({ agent_id }: SearchFilter): SQL[] {
  return agent_id === undefined ? [] : [sql`e.source = ${agent_id}`, sql`e.target = ${agent_id}`];
}

const likeText = (text: string) => text.replace(/[\\%_]/g, "\\$&");

/** A type with `*` as a pattern of LIKE. */
export function typeCondition(column: SQL, type: string): SQL {
  return type.includes("*")
    ? sql`${column} LIKE ${likeText(type).replaceAll("*", "%")}`
    : sql`${column} = ${type}`;
}

export interface Stretch {
  readonly order: "asc" | "desc";
  /** Positions behind this one, in the order asked for; null: from the beginning. */
  readonly cursor: string | null;
  /** No further than this one, included. */
  readonly until: string | null;
  readonly limit: number;
  /** All rows that fit are few: they are sorted, whatever Postgres believes of them. */
  readonly sorted?: boolean;
}

/**
 * The positions of the first rows that fit, as a subquery.
 *
 * @param types exact ones; null: all
 * @param ways as `waysOf` gives them; there are none beside exact types
 */
export function positionsSql(
  table: SearchedTable,
  conditions: readonly SQL[],
  types: readonly string[] | null,
  { order, cursor, until, limit, sorted = false }: Stretch,
  ways: readonly SQL[] = [],
): SQL {
  const isAsc = order === "asc";
  const direction = isAsc ? sql`ASC` : sql`DESC`;
  const where = [...conditions];
  if (cursor !== null) where.push(sql`e.position ${isAsc ? sql`>` : sql`<`} ${cursor}::bigint`);
  if (until !== null) where.push(sql`e.position ${isAsc ? sql`<=` : sql`>=`} ${until}::bigint`);
  const ordered = sql`ORDER BY e.position ${direction} LIMIT ${limit}`;
  const first = (more: readonly SQL[]) => {
    const rows = sql`SELECT e.position FROM ${table.name} e
      WHERE ${sql.join([...where, ...more, sql`true`], sql` AND `)}`;
    // OFFSET keeps the condition apart from the order.
    return sorted ? sql`SELECT e.position FROM (${rows} OFFSET 0) e ${ordered}` : sql`${rows} ${ordered}`;
  };
  if (ways.length > 0) {
    // UNION: what fits in more than one way comes once.
    const each = ways.map((way) => sql`(${first([way])})`);
    return sql`SELECT e.position FROM (${sql.join(each, sql` UNION `)}) e ${ordered}`;
  }
  if (types === null) return first([]);
  if (types.length === 1) return first([sql`${table.type} = ${types[0]}`]);
  return sql`SELECT f.position FROM unnest(${sql.param([...types])}::text[]) AS t(type)
    CROSS JOIN LATERAL (${first([sql`${table.type} = t.type`])}) f ORDER BY f.position ${direction} LIMIT ${limit}`;
}

/** All types that there are, one look at the index for each. */
export function typesSql({ name, type }: SearchedTable): SQL {
  const next = (more: SQL) => sql`SELECT ${type} FROM ${name} e WHERE ${more} ORDER BY ${type} LIMIT 1`;
  return sql`
    WITH RECURSIVE known(type) AS (
      (${next(sql`${type} IS NOT NULL`)})
      UNION ALL
      SELECT (${next(sql`${type} > k.type`)}) FROM known k WHERE k.type IS NOT NULL
    )
    SELECT type FROM known WHERE type IS NOT NULL`;
}
