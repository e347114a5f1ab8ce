import type { CriticalTime, TimeWindow, TriesOverTime } from "../../http/kit/answers/overview.ts";
import type { Visit } from "../page.ts";
import { overviewWords } from "../words/overview.ts";
import { Chart, type Series } from "./chart.tsx";

/* What counts over time are shown with: the switch of windows, charts of buckets, critical times. */

const windows = ["15m", "1h", "24h", "7d"] as const satisfies readonly TimeWindow[];
const standard: TimeWindow = "1h";

/** The window that is looked at, of the query. */
export function windowOf(visit: Visit): TimeWindow {
  return windows.find((one) => one === visit.query("window")) ?? standard;
}

export function WindowSwitch({ visit }: { readonly visit: Visit }) {
  const w = visit.words(overviewWords);
  const chosen = windowOf(visit);
  return (
    <nav class="switch" aria-label={w.window}>
      {windows.map((one) => (
        <a
          href={visit.hrefHere({ window: one === standard ? null : one })}
          aria-current={one === chosen ? "true" : undefined}
        >
          {w[`last${one}`]}
        </a>
      ))}
    </nav>
  );
}

interface BucketsProps {
  readonly visit: Visit;
  readonly over: Pick<TriesOverTime, "from" | "bucket_ms">;
  readonly series: readonly Series[];
  readonly summary: string;
  readonly kind: "lines" | "bars";
}

/** Counts by bucket, with what each was when it is pointed at, and the numbers as a table for whoever wants them. */
export function Buckets({ visit, over, series, summary, kind }: BucketsProps) {
  const { format } = visit;
  const count = series[0]?.values.length ?? 0;
  const at = (place: number) => new Date(Date.parse(over.from) + place * over.bucket_ms);
  const isLong = over.bucket_ms * count > 86_400_000;
  const text = (place: number) =>
    isLong ? format.date(at(place)) : format.time(at(place)).replace(/:\d\d(?=$| )/, "");
  const numbers = (place: number) =>
    series.map(({ name, values }) => `${name}: ${format.number(values[place] ?? 0)}`).join(", ");
  return (
    <>
      <Chart
        kind={kind}
        series={series}
        summary={summary}
        scale={(value) => format.number(value)}
        ticks={[0, 0.5, 1].map((share) => ({ at: share, text: text(share * count) }))}
        titles={Array.from(
          { length: count },
          (_, place) => `${format.dateTime(at(place))}: ${numbers(place)}`,
        )}
      />
      <p class="quiet">{summary}</p>
    </>
  );
}

/** A percentile as a text: an upper bound, for it is read from a histogram. */
export function percentile(
  visit: Visit,
  times: CriticalTime | null,
  which: "p50_ms" | "p95_ms" | "p99_ms",
): string {
  const w = visit.words(overviewWords);
  if (times === null || times.count === 0) return "–";
  const ms = times[which];
  return ms === null ? w.above(visit.format.duration(times.highest_ms)) : w.upTo(visit.format.duration(ms));
}
