import { type Cell, csvOf } from "../csv.ts";
import { durationBoundsMs, type Metric, type MetricMeaning, meaningOf } from "./metrics.ts";
import type { Grouping } from "./model.ts";
import type { CountRow } from "./queries.ts";
import { funnelStages, type Stage } from "./rates.ts";

/** What the routes answer. */

const columnOf = {
  time: "time",
  tenant: "tenant_id",
  language: "language",
  kind: "kind",
} as const satisfies Record<Grouping, keyof CountRow>;
type GroupColumn = (typeof columnOf)[Grouping];
/** What a row is grouped by. */
export type Group = Partial<Record<GroupColumn, string | null>>;

function groupOf(row: CountRow, groupBy: readonly Grouping[]): Group {
  return Object.fromEntries(groupBy.map((grouping) => [columnOf[grouping], row[columnOf[grouping]] ?? null]));
}

const averageOf = ({ metric, count, total }: CountRow): number | null =>
  meaningOf(metric).unit === null || count === 0 ? null : total / count;

/** A row as JSON; what its metric does not measure is left out. */
export function rowView(row: CountRow, groupBy: readonly Grouping[]) {
  const { metric, count, total, histogram } = row;
  return {
    metric,
    ...groupOf(row, groupBy),
    count,
    ...(meaningOf(metric).unit === null ? {} : { total, average: averageOf(row) }),
    ...(histogram === null
      ? {}
      : {
          histogram: histogram.map((times, place) => ({
            le_ms: durationBoundsMs[place] ?? null,
            count: times,
          })),
        }),
  };
}

/** What metrics mean, by name. */
export function meaningsOf(names: readonly Metric[]): Record<string, Omit<MetricMeaning, "areKindsOpen">> {
  return Object.fromEntries(
    names.map((name) => {
      const { about, unit, kinds } = meaningOf(name);
      return [name, { about, unit, kinds }];
    }),
  );
}

/** The rows of each group, in the order of the groups. Without groups there is one, also when nothing was counted. */
export function groupsOf(
  rows: readonly CountRow[],
  groupBy: readonly Grouping[],
): readonly { readonly group: Group; readonly rows: readonly CountRow[] }[] {
  if (groupBy.length === 0) return [{ group: {}, rows }];
  const groups = new Map<string, { group: Group; rows: CountRow[] }>();
  for (const row of rows) {
    const group = groupOf(row, groupBy);
    const key = JSON.stringify(group);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { group, rows: [row] });
    else known.rows.push(row);
  }
  return [...groups.values()];
}

const namesOf = (groupBy: readonly Grouping[]) => groupBy.map((grouping) => columnOf[grouping]);

export function countedCsv(rows: readonly CountRow[], groupBy: readonly Grouping[]): string {
  const columns = ["metric", ...namesOf(groupBy), "count", "total", "average", "histogram"] as const;
  return csvOf(
    columns,
    rows.map((row) => ({
      ...emptyGroup,
      ...groupOf(row, groupBy),
      metric: row.metric,
      count: row.count,
      total: meaningOf(row.metric).unit === null ? null : row.total,
      average: averageOf(row),
      histogram: row.histogram === null ? null : row.histogram.join(" "),
    })),
  );
}

const emptyGroup: Record<GroupColumn, Cell> = { time: null, tenant_id: null, language: null, kind: null };

export function eventsCsv(
  rows: readonly (Group & { readonly type: string; readonly count: number })[],
  groupBy: readonly Grouping[],
): string {
  return csvOf(
    ["type", ...namesOf(groupBy), "count"] as const,
    rows.map((row) => ({ ...emptyGroup, ...row })),
  );
}

/** A row for each group, a column for each stage. */
export function funnelCsv(
  rows: readonly (Group & { readonly stages: readonly Stage[] })[],
  groupBy: readonly Grouping[],
): string {
  const stages = funnelStages.map(([stage]) => stage);
  return csvOf(
    [...namesOf(groupBy), ...stages],
    rows.map(({ stages: counted, ...group }) => ({
      ...emptyGroup,
      ...group,
      ...(Object.fromEntries(counted.map(({ stage, count }) => [stage, count])) as Record<
        Stage["stage"],
        Cell
      >),
    })),
  );
}
