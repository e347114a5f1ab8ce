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
