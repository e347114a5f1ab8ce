import { type SQL, sql } from "drizzle-orm";
import type { Archive } from "../archive.ts";
import type { Clock } from "../core/clock.ts";
import { withFewer } from "../core/promises/in-parts.ts";
import type { Database } from "../db/database.ts";
import { withEntry } from "../db/stream-ids.ts";
import type { PublishSettings } from "../publish/publish.ts";
import { completeUpTo } from "./complete-up-to.ts";
import {
  type ForeignRow,
  type Found,
  foreignColumns,
  isDecided,
  toForeignDetails,
} from "./foreign-details.ts";
import { type DetailsRow, detailColumns, type RecordedDetails, toDetails } from "./history.ts";
import {
  conditionsOf,
  foreignTable,
  hasOther,
  isNarrow,
  looksThrough,
  positionsSql,
  recordTable,
  type SearchedTable,
  type SearchFilter,
  type Stretch,
  typeCondition,
  typesSql,
  type Whose,
  waysOf,
} from "./search-sql.ts";

/*
 * One search over the record and the entries of other programs, page by page in the order of their positions.
 *
 * From the oldest on, a page ends where a transaction is still open that may bring more, so that nobody passes over what
 * commits late; the next page goes on from there. From the newest on, what is there when a page is read is on it:
 * positions never change, so nothing is told twice, and what comes in later is newer than the reader's beginning.
 *
 * Payloads have no index. What asks for them looks through the record a stretch at a time, as far as it comes in a
 * moment: such a page may be short, or empty, although there is more; its cursor says so.
 */

export interface SearchPage {
  readonly order: "asc" | "desc";
  readonly limit: number;
  /** `nextCursor` of the page before, or a position. */
  readonly cursor?: string | undefined;
  readonly entries: Whose;
  /** Also in the files of the archive, when there is one: they are read from front to back. */
  readonly archive?: boolean;
  /** From the oldest on: what `completeUpTo` gave, when it was asked before. */
  readonly until?: string | undefined;
}

export interface FoundPage {
  readonly found: readonly Found[];
  /** Where the next page begins; null: there is no more, as far as is known now. */
  readonly nextCursor: string | null;
}

export interface SearchDeps {
  /** What the caller may see. */
  readonly db: Database;
  /** Of all tenants; nothing of a row is read there but which types there are. */
  readonly all: Database;
  readonly archive?: Archive | null;
  readonly now: Clock;
  /** Opens personal fields; left out: they stay as they are stored. */
  readonly publish?: Pick<PublishSettings, "personal">;
}

/** Positions in one stretch that is looked through, and the time after which no further one is begun, ms. */
const stretchLength = 10_000;
const lookThroughMs = 40;

/** A page of what fits. @throws {TransientError} Postgres is not reachable; errors of the archive as they come */
export async function search(deps: SearchDeps, filter: SearchFilter, page: SearchPage): Promise<FoundPage> {
  const stored = await withFewer(page.limit, (limit) => searchStored(deps, filter, { ...page, limit }));
  const { found, nextCursor } =
    page.archive === true && deps.archive
      ? await withArchived(deps, deps.archive, filter, page, stored)
      : stored;
  const own = found.filter((row): row is RecordedDetails => !("foreign" in row));
  const opened = ((await deps.publish?.personal?.reveal(own)) ?? own).values();
  // What other programs wrote was never sealed.
  return { found: found.map((row) => ("foreign" in row ? row : (opened.next().value ?? row))), nextCursor };
}

/** What is in the archive stands before what is stored, but for a few rows around midnight. */
async function withArchived(
  { all }: SearchDeps,
  archive: Archive,
  filter: SearchFilter,
  { order, limit, cursor, entries }: SearchPage,
  { found, nextCursor }: FoundPage,
): Promise<FoundPage> {
  const { findArchived } = await import("./search-archive.ts");
  const stretch = { order, limit: limit + 1, cursor: cursor === undefined ? null : Number(cursor) };
  const sign = order === "asc" ? 1 : -1;
  // Behind the end of a page that goes on, rows that are stored are not known yet.
  const end = nextCursor === null ? null : Number(nextCursor);
  const archived = (await findArchived({ db: all, archive }, filter, entries, stretch)).filter(
    ({ position }) => end === null || sign * (position - end) <= 0,
  );
  // A day that is being deleted is in both.
  const rows = new Map([...archived, ...found].map((row) => [row.position, row]));
  const sorted = [...rows.values()].sort((a, b) => sign * (a.position - b.position));
  const given = sorted.slice(0, limit);
  if (sorted.length > limit) return { found: given, nextCursor: String(given.at(-1)?.position) };
  return { found: given, nextCursor };
}

async function searchStored(deps: SearchDeps, filter: SearchFilter, page: SearchPage): Promise<FoundPage> {
  const until = page.order === "asc" ? (page.until ?? (await completeUpTo(deps.all))) : null;
  const { entries } = page;
  const wanted: Wanted = { filter, entries, types: await exactTypes(deps, filter, entries) };
  const stretch: Stretch = { order: page.order, cursor: page.cursor ?? null, until, limit: page.limit + 1 };
  const times = looksThrough(filter) ? "wide" : await toldTimes(deps, filter, entries);
  if (times === "wide") return lookThrough(deps, wanted, page, stretch);
  const rows = await readStretch(deps.db, wanted, { ...stretch, sorted: times === "few" });
  const found = rows.slice(0, page.limit);
  if (rows.length > page.limit) return { found, nextCursor: String(found.at(-1)?.position) };
  return { found, nextCursor: await restOf(deps, page, until, found) };
}

/** Whether an open transaction holds back what is there already: then the reader goes on behind what it has. */
async function restOf(
  { all }: SearchDeps,
  { cursor, entries, until: given }: SearchPage,
  until: string | null,
  found: readonly Found[],
): Promise<string | null> {
  // Whoever asked before ends there.
  if (until === null || given !== undefined) return null;
  const behind = { order: "asc", cursor: until, until: null, limit: 1 } as const;
  const anyOf = tablesOf(entries).map(([, table]) => sql`EXISTS (${positionsSql(table, [], null, behind)})`);
  const [row] = await all.rows<{ more: boolean }>(sql`SELECT ${sql.join(anyOf, sql` OR `)} AS more`);
  if (row?.more !== true) return null;
  const last = found.at(-1)?.position ?? Number(cursor ?? 0);
  return String(Math.max(last, Number(cursor ?? 0)));
}

/** Exact types, as each table has them; null: all, or a filter of the rows. */
type Types = Readonly<Record<"own" | "foreign", readonly string[] | null>>;

/** What is searched for. */
interface Wanted {
  readonly filter: SearchFilter;
  readonly entries: Whose;
  readonly types: Types;
}

const tables: readonly (readonly ["own" | "foreign", SearchedTable])[] = [
  ["own", recordTable],
  ["foreign", foreignTable],
];

function tablesOf(entries: Whose) {
  return tables.filter(([whose]) => entries === "all" || entries === whose);
}

/** The types that are meant, each of which has its rows in the order of the pages. */
async function exactTypes({ all }: SearchDeps, filter: SearchFilter, entries: Whose): Promise<Types> {
  // Twice, it would find its rows twice.
  const types = filter.types === undefined ? undefined : [...new Set(filter.types)];
  if (types === undefined || types.includes("*") || hasOther(filter)) return { own: null, foreign: null };
  if (!types.some((type) => type.includes("*"))) return { own: types, foreign: types };
  const asked = tablesOf(entries);
  const known = (await all.batch(
    asked.map(
      ([, table]) =>
        sql`SELECT e.type FROM (${typesSql(table)}) e WHERE ${sql.join(
          types.map((type) => typeCondition(sql`e.type`, type)),
          sql` OR `,
        )}`,
    ),
  )) as { type: string }[][];
  const listed = Object.fromEntries(
    asked.map(([whose], index) => [whose, (known[index] ?? []).map(({ type }) => type)]),
  );
  return { own: null, foreign: null, ...listed };
}

/** Rows in a range of told times that are sorted at once, at most. */
const sortedAtOnce = 20_000;

/** Their index gives rows in an order of its own, so it helps as long as they are few. Null: no such range is asked for. */
async function toldTimes(
  { all }: SearchDeps,
  filter: SearchFilter,
  entries: Whose,
): Promise<"few" | "wide" | null> {
  const { occurred_from, occurred_to } = filter;
  if ((occurred_from === undefined && occurred_to === undefined) || isNarrow(filter)) return null;
  if (entries === "foreign") return null;
  const conditions = conditionsOf({ occurred_from, occurred_to }, recordTable);
  const [, rows] = await all.batch([
    sql`SELECT set_config('enable_seqscan', 'off', true)`,
    sql`SELECT count(*)::integer AS count FROM (
      SELECT FROM events e WHERE ${sql.join(conditions, sql` AND `)} LIMIT ${sortedAtOnce + 1}) f`,
  ]);
  const count = (rows?.[0] as { count: number } | undefined)?.count ?? 0;
  return count > sortedAtOnce ? "wide" : "few";
}

/** The positions of the first rows of a table that fit, as a subquery. */
function foundSql({ filter, types }: Wanted, [whose, table]: (typeof tables)[number], stretch: Stretch): SQL {
  const conditions = conditionsOf(filter, table);
  if (filter.types !== undefined && types[whose] === null) {
    conditions.push(
      sql`(${sql.join(
        filter.types.map((type) => typeCondition(table.type, type)),
        sql` OR `,
      )})`,
    );
  }
  if (whose === "foreign") conditions.push(isDecided);
  return positionsSql(table, conditions, types[whose], stretch, waysOf(filter));
}

/** The first rows of a stretch, of both tables in one order. One round trip. */
async function readStretch(db: Database, wanted: Wanted, stretch: Stretch): Promise<Found[]> {
  const direction = stretch.order === "asc" ? sql`ASC` : sql`DESC`;
  const asked = tablesOf(wanted.entries);
  const statements = asked.map((each) => {
    const [whose, table] = each;
    return sql`
      SELECT ${whose === "own" ? detailColumns : foreignColumns}
      FROM (${foundSql(wanted, each, stretch)}) f
        JOIN ${table.name} e ON e.position = f.position ${whose === "own" ? withEntry : sql``}
      ORDER BY e.position ${direction}`;
  });
  const lists =
    statements.length === 1 && statements[0] ? [await db.rows(statements[0])] : await db.batch(statements);
  const found = asked.flatMap(([whose], index): Found[] => {
    const rows = lists[index] ?? [];
    return whose === "own"
      ? (rows as DetailsRow[]).map(toDetails)
      : (rows as ForeignRow[]).map(toForeignDetails);
  });
  if (lists.length === 1) return found;
  const sign = stretch.order === "asc" ? 1 : -1;
  return found.sort((a, b) => sign * (a.position - b.position)).slice(0, stretch.limit);
}

/** Looks through the record in stretches until a page is full, the time is over, or the end is reached. */
async function lookThrough(
  deps: SearchDeps,
  wanted: Wanted,
  page: SearchPage,
  { order, cursor, until, limit }: Stretch,
): Promise<FoundPage> {
  const isAsc = order === "asc";
  const [ends] = await deps.all.rows<{ first: string | null; last: string | null }>(sql`
    SELECT least((SELECT min(position) FROM events), (SELECT min(position) FROM archived_entries))::text AS first,
      greatest((SELECT max(position) FROM events), (SELECT max(position) FROM archived_entries))::text AS last`);
  const first = Number(ends?.first ?? 0);
  const last = Math.min(Number(ends?.last ?? 0), Number(until ?? Number.MAX_SAFE_INTEGER));
  const endMs = deps.now() + lookThroughMs;
  const found: Found[] = [];
  let at = isAsc ? Math.max(Number(cursor ?? 0), first - 1) : Math.min(Number(cursor ?? last + 1), last + 1);
  const isOver = () => (isAsc ? at >= last : at <= first);
  while (!isOver() && found.length < limit) {
    const to = isAsc ? Math.min(last, at + stretchLength) : Math.max(first, at - stretchLength);
    const part = { order, cursor: String(at), until: String(to), limit: limit - found.length };
    found.push(...(await readStretch(deps.db, wanted, part)));
    at = to;
    if (deps.now() >= endMs) break;
  }
  if (found.length > page.limit) {
    const given = found.slice(0, page.limit);
    return { found: given, nextCursor: String(given.at(-1)?.position) };
  }
  return { found, nextCursor: isOver() ? await restOf(deps, page, until, found) : String(at) };
}

/** Rows that are counted at most. */
const countedAtMost = 10_000;

export interface Count {
  readonly count: number;
  /** There are more than were counted. */
  readonly more: boolean;
}

/** How many fit, up to 10,000; null where that would mean to look through the record. */
export async function countFound(
  deps: SearchDeps,
  filter: SearchFilter,
  entries: Whose,
): Promise<Count | null> {
  if (looksThrough(filter)) return null;
  const wanted: Wanted = { filter, entries, types: await exactTypes(deps, filter, entries) };
  const stretch: Stretch = { order: "desc", cursor: null, until: null, limit: countedAtMost + 1 };
  const counts = (await deps.db.batch(
    tablesOf(entries).map(
      (table) => sql`SELECT count(*)::integer AS count FROM (${foundSql(wanted, table, stretch)}) f`,
    ),
  )) as { count: number }[][];
  const count = counts.reduce((sum, rows) => sum + (rows[0]?.count ?? 0), 0);
  return { count: Math.min(count, countedAtMost), more: count > countedAtMost };
}
