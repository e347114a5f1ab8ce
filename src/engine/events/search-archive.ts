import type { JsonValue } from "@brain/schemas";
import { sql } from "drizzle-orm";
import type { Archive } from "../archive.ts";
import type { Database } from "../db/database.ts";
import { type ArchivedLine, archivedLines } from "./archive-lines.ts";
import type { Found } from "./foreign-details.ts";
import type { EqualField, SearchFilter, Whose } from "./search-sql.ts";

/*
 * The search in the files of the archive: what fits is found line by line, and no more is held than a page.
 *
 * A file has its events in the order of their positions and its entries of other programs behind them, and around
 * midnight the positions of two days are mixed; so a page is made of all files that may have a row before its end.
 */

/** `*` stands for any characters. */
function isOfType(type: string | null, wanted: string): boolean {
  if (type === null) return wanted === "*";
  const parts = wanted.split("*");
  if (parts.length === 1) return type === wanted;
  const [first = "", ...rest] = parts;
  const last = rest.pop() ?? "";
  if (!type.startsWith(first) || type.length < first.length + last.length || !type.endsWith(last))
    return false;
  let at = first.length;
  for (const part of rest) {
    const found = type.indexOf(part, at);
    if (found < 0 || found + part.length > type.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}

/** Where a line has what a filter asks for. A field that the search in Postgres learns has to be found here, too. */
const fieldsOfLine: Readonly<Record<EqualField, (line: ArchivedLine) => unknown>> = {
  tenant_id: (line) => line.tenant_id,
  actor_id: (line) => line.actor_id,
  source: (line) => line.source,
  target: (line) => line.target,
  module: (line) => memberOf(line.meta)("source_module"),
  mission_id: (line) => line.mission_id,
  task_id: (line) => line.task_id,
  correlation_id: (line) => line.correlation_id,
  causation_id: (line) => memberOf(line.meta)("causation_id"),
  key: (line) => line.key,
  severity: (line) => line.severity,
};

const equalFields = Object.keys(fieldsOfLine) as EqualField[];

/** As `conditionsOf` says it to Postgres. */
function fits(line: ArchivedLine, filter: SearchFilter, entries: Whose): boolean {
  const isForeign = line.raw_fields !== undefined;
  if (entries !== "all" && isForeign !== (entries === "foreign")) return false;
  const { types, from, to, occurred_from, occurred_to, agent_id, payload = [], text } = filter;
  const type = textOf(line.type);
  if (types !== undefined && !types.some((wanted) => isOfType(type, wanted))) return false;
  const differs = (name: EqualField) =>
    filter[name] !== undefined && fieldsOfLine[name](line) !== filter[name];
  if (equalFields.some(differs)) return false;
  if (agent_id !== undefined && line.source !== agent_id && line.target !== agent_id) return false;
  if (!isWithin(line.stored_at, from, to)) return false;
  const occurred = textOf(line.timestamp);
  const asksTime = occurred_from !== undefined || occurred_to !== undefined;
  if (asksTime && (occurred === null || !isWithin(occurred, occurred_from, occurred_to))) return false;
  for (const { path, value } of payload) {
    const found = path.reduce<unknown>((part, name) => memberOf(part)(name), line.payload);
    if (found === undefined || found === null || asText(found) !== value) return false;
  }
  if (text === undefined) return true;
  return JSON.stringify(line.payload ?? null)
    .toLowerCase()
    .includes(text.toLowerCase());
}

const textOf = (value: unknown) => (typeof value === "string" ? value : null);
const asText = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

function memberOf(value: unknown): (name: string) => unknown {
  return (name) =>
    typeof value === "object" && value !== null && Object.hasOwn(value, name)
      ? (value as Readonly<Record<string, JsonValue>>)[name]
      : undefined;
}

/** Times are ISO 8601 in UTC with milliseconds, which sort as texts. */
function isWithin(time: string, from: string | undefined, to: string | undefined): boolean {
  return (from === undefined || time >= from) && (to === undefined || time < to);
}

interface ArchivedDay {
  readonly day: string;
  /** Bounds of the positions of its rows; null when it has no events, in files of earlier releases. */
  readonly first: string | null;
  readonly last: string | null;
}

function archivedDays(db: Pick<Database, "rows">): Promise<readonly ArchivedDay[]> {
  return db.rows<ArchivedDay>(sql`
    SELECT day::text AS day, state ->> 'first' AS first, state ->> 'last' AS last
    FROM archive_days WHERE archived_at IS NOT NULL ORDER BY day`);
}

export interface ArchiveStretch {
  readonly order: "asc" | "desc";
  readonly cursor: number | null;
  readonly limit: number;
}

/** The first rows of the archive that fit, as they are shown. @throws errors of the storage */
export async function findArchived(
  { db, archive }: { readonly db: Pick<Database, "rows">; readonly archive: Archive },
  filter: SearchFilter,
  entries: Whose,
  { order, cursor, limit }: ArchiveStretch,
): Promise<readonly Found[]> {
  const sign = order === "asc" ? 1 : -1;
  const days = (await archivedDays(db)).filter(({ day }) => mayHold(day, filter));
  const best: (ArchivedLine & { readonly position: number })[] = [];
  const worst = () => (best.length < limit ? null : (best.at(-1)?.position ?? null));
  for (const { day, first, last } of order === "asc" ? days : days.toReversed()) {
    const end = order === "asc" ? last : first;
    const begin = order === "asc" ? first : last;
    const bound = worst();
    // The whole day is before the cursor, or behind the end of the page.
    if (cursor !== null && end !== null && sign * (Number(end) - cursor) <= 0) continue;
    if (bound !== null && begin !== null && sign * (Number(begin) - bound) > 0) continue;
    for await (const line of archivedLines(archive, day)) {
      const { position } = line;
      if (position === null || (cursor !== null && sign * (position - cursor) <= 0)) continue;
      const limitNow = worst();
      if (limitNow !== null && sign * (position - limitNow) >= 0) continue;
      if (!fits(line, filter, entries)) continue;
      insert(best, { ...line, position }, sign);
      if (best.length > limit) best.pop();
    }
  }
  return best as unknown as readonly Found[];
}

/** Rows of a day were stored on it. */
function mayHold(day: string, { from, to }: SearchFilter): boolean {
  const end = new Date(Date.parse(`${day}T00:00:00.000Z`) + 86_400_000).toISOString();
  return (from === undefined || end > from) && (to === undefined || `${day}T00:00:00.000Z` < to);
}

function insert<Row extends { readonly position: number }>(rows: Row[], row: Row, sign: number): void {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sign * ((rows[middle]?.position ?? 0) - row.position) < 0) low = middle + 1;
    else high = middle;
  }
  if (rows[low]?.position !== row.position) rows.splice(low, 0, row);
}
