/** One line of the report. `perSecond` null: the line is about time only. */
export interface Row {
  readonly name: string;
  readonly n: number;
  readonly perSecond: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly target: string | null;
}

/** Nearest-rank percentiles, in the unit of the samples. */
export function percentiles(samples: readonly number[]): { p50: number; p95: number; p99: number } {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Something that was demanded, and what was measured. */
export interface Check {
  readonly what: string;
  readonly measured: string;
  readonly demanded: string;
  readonly holds: boolean;
}

/** A line for each, with pass or FAIL. */
export function checkLines(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ what }) => what.length));
  return checks
    .map(
      ({ what, measured, demanded, holds }) =>
        `${holds ? "pass" : "FAIL"}  ${what.padEnd(width)}  ${measured}  (demanded: ${demanded})`,
    )
    .join("\n");
}

/** Options like `--seconds 60`. @throws {Error} an unknown one, or no whole number above 0 */
export function numberOptions<const T extends Readonly<Record<string, number>>>(
  args: readonly string[],
  standard: T,
): { [K in keyof T]: number } {
  const given: Record<string, number> = { ...standard };
  for (let at = 0; at < args.length; at += 2) {
    const name = args[at]?.replace(/^--/, "") ?? "";
    const value = Number(args[at + 1]);
    if (!(name in standard) || !Number.isInteger(value) || value < 1) {
      const known = Object.keys(standard).map((option) => `--${option} <n>`);
      throw new Error(`${args.slice(at, at + 2).join(" ")} is no option; expected ${known.join(", ")}`);
    }
    given[name] = value;
  }
  return given as { [K in keyof T]: number };
}

/** The rows as a plain text table. */
export function table(rows: readonly Row[]): string {
  const ms = (value: number | null) => (value === null ? "" : value.toFixed(1));
  const cells = rows.map((row) => [
    row.name,
    String(row.n),
    row.perSecond === null ? "" : Math.round(row.perSecond).toLocaleString("en-US"),
    ms(row.p50),
    ms(row.p95),
    ms(row.p99),
    row.target ?? "",
  ]);
  const lines = [["what", "n", "events/s", "p50 ms", "p95 ms", "p99 ms", "to reach"], ...cells];
  const widths =
    lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  "),
    )
    .join("\n");
}

/** A Markdown table; all columns but the first are aligned to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [head, rule, ...rows].map(line).join("\n");
}

/** Whole numbers with thousands apart, small ones with what counts of them. */
export function short(value: number): string {
  if (Number.isNaN(value)) return "unknown";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
