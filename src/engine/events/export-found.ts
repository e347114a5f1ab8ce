import type { SubrequestMeter } from "../core/budget.ts";
import { csvCell } from "../core/encoding/csv.ts";
import { completeUpTo } from "./complete-up-to.ts";
import type { Found } from "./foreign-details.ts";
import { type FoundPage, type SearchDeps, type SearchPage, search } from "./search.ts";
import type { SearchFilter } from "./search-sql.ts";

/*
 * All that fits, from the oldest on, as text: a page of the search at a time, the next one asked for while the last one is
 * taken, so memory is bounded by two pages. Who is cut off goes on behind the last position that came.
 */

export type ExportFormat = "csv" | "jsonl";

export interface ExportOptions extends Pick<SearchPage, "entries" | "archive" | "cursor"> {
  readonly format: ExportFormat;
  /** Rows at most. */
  readonly limit: number;
}

const pageRows = 1_000;
/** Calls kept for the end of the invocation. */
const callsLeft = 8;

const columns = [
  ...["position", "stored_at", "timestamp", "id", "type", "source", "target", "tenant_id", "actor_id"],
  ...["correlation_id", "causation_id", "mission_id", "task_id", "severity", "key", "source_module"],
  ...["stream_message_id", "foreign", "unread", "payload"],
] as const;

/**
 * @param deps `meter` null: nothing limits the calls
 * @returns a text for each page, empty where it has nothing
 * @throws {TransientError} Postgres is not reachable; errors of the archive as they come
 */
export async function* exportFound(
  deps: SearchDeps & { readonly meter?: Pick<SubrequestMeter, "isNear"> | null },
  filter: SearchFilter,
  { format, limit, cursor, ...page }: ExportOptions,
): AsyncGenerator<string> {
  const until = await completeUpTo(deps.all);
  const ask = (from: string | undefined, rows: number): Promise<FoundPage> =>
    search(deps, filter, { ...page, order: "asc", limit: Math.min(pageRows, rows), cursor: from, until });
  // With the first page, so that whoever awaits the first text hears of an error before any of it.
  let head = format === "csv" ? `${columns.join(",")}\r\n` : "";
  let left = limit;
  let asked: Promise<FoundPage> | null = ask(cursor, left);
  while (asked !== null) {
    const answer: FoundPage = await asked;
    const { found } = answer;
    const nextCursor: string | null = answer.nextCursor;
    left -= found.length;
    const goesOn: boolean = nextCursor !== null && left > 0 && deps.meter?.isNear(callsLeft) !== true;
    asked = goesOn ? ask(nextCursor ?? undefined, left) : null;
    // Nobody may be there any more to await it.
    asked?.catch(() => undefined);
    yield head + found.map(format === "csv" ? toCsv : toJson).join("");
    head = "";
  }
}

const toJson = (row: Found) => `${JSON.stringify(row)}\n`;

function toCsv(row: Found): string {
  const meta = (row.meta ?? {}) as { readonly causation_id?: unknown; readonly source_module?: unknown };
  const { causation_id, source_module } = meta;
  const fields: Readonly<Record<string, unknown>> = { ...row, causation_id, source_module };
  return `${columns.map((name) => cell(fields[name])).join(",")}\r\n`;
}

/** Neither text nor number: as JSON. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  return csvCell(typeof value === "number" || typeof value === "string" ? value : JSON.stringify(value));
}
