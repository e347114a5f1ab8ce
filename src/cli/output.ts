/** Where the output goes; `json` means that standard output holds JSON and nothing else. */
export interface Output {
  readonly json: boolean;
  /** A line of the answer. */
  line(text?: string): void;
  /** A whole document as it is, with its last line break. */
  text(document: string): void;
  /** One JSON document, or with `compact` one line of it. */
  data(value: unknown, compact?: boolean): void;
  /** What is not part of the answer: progress, questions, warnings. */
  note(text: string): void;
}

export function createOutput(json: boolean): Output {
  return {
    json,
    line: (text = "") => void process.stdout.write(`${harmless(text)}\n`),
    text: (document) => void process.stdout.write(document),
    data: (value, compact = false) =>
      void process.stdout.write(`${JSON.stringify(value, null, compact ? 0 : 2)}\n`),
    note: (text) => void process.stderr.write(`${harmless(text)}\n`),
  };
}

/** Texts of others stand in lines of ours: nothing in them steers the terminal. */
function harmless(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]|[\u2028\u2029]/gu, " ");
}

/** One column of a table: its title and the text of a row. */
export type Column<Row> = readonly [title: string, text: (row: Row) => unknown];

/** Room of a cell on a terminal, unless that is wide enough for more; each has at least so much. */
const shortCell = 80;
/** Room of a cell in a file or a pipe: whoever reads it looks for the text, and no row is wrapped. */
const longCell = 1_000;

/**
 * Rows under titles, aligned. Long texts are cut, on a terminal to its width; `--json` has them whole.
 *
 * @param width of the terminal, characters; null: it is none
 */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width: number | null = process.stdout.isTTY ? process.stdout.columns : null,
): string {
  const cells = [
    columns.map(([title]) => title),
    ...rows.map((row) => columns.map(([, text]) => cell(text(row)))),
  ];
  const wanted = columns.map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)));
  const max = width === null ? longCell : roomOf(wanted, width);
  const widths = wanted.map((one) => Math.min(one, max));
  return cells
    .map((line) =>
      line
        .map((text, index) => shortened(text, max).padEnd(widths[index] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** How long a cell may be so that all columns stand beside each other, if that is more than the least. */
function roomOf(wanted: readonly number[], width: number): number {
  const total = (max: number) =>
    wanted.reduce((sum, one) => sum + Math.min(one, max), 2 * (wanted.length - 1));
  let max = shortCell;
  while (max < longCell && total(max + 1) <= width) max += 1;
  return max;
}

const shortened = (text: string, max: number) => (text.length > max ? `${text.slice(0, max - 1)}…` : text);

function cell(value: unknown): string {
  return value === null || value === undefined || value === "" ? "-" : printable(String(value));
}

/** What should be a text and came from outside may be anything. */
function asText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
}

/** Text of others on one line: what would move the cursor or colour the terminal is taken out. */
export function printable(text: unknown): string {
  return asText(text).replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ");
}

/** `850 ms`, `12 s`, `3 min`, `5 h`, `2 d`; null is unknown or none. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "-";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** Names and values below each other. */
export function facts(entries: readonly (readonly [name: string, value: unknown])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${text(value)}`).join("\n");
}

function text(value: unknown): string {
  if (value === null || value === undefined || value === "") return "-";
  return printable(typeof value === "object" ? JSON.stringify(value) : String(value));
}
