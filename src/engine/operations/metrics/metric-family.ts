import type { Histogram } from "../../core/telemetry/histogram.ts";

/** One number of a metric, with its labels. */
export interface MetricSample {
  /** What OpenMetrics appends to the name of the family: `_total`, `_bucket`, `_sum`, `_count`; empty for a gauge. */
  readonly suffix: "" | "_total" | "_bucket" | "_sum" | "_count";
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric as scrapes know it: https://prometheus.io/docs/specs/om/open_metrics_spec/ */
export interface MetricFamily {
  /** Without suffix; ends with its unit. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** Null: it counts things. */
  readonly unit: "seconds" | null;
  /** One line. */
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

type Labels = MetricSample["labels"];

/** A number that goes up and down; what is null is not known, and has no sample. */
export function gauge(
  name: string,
  help: string,
  values: Iterable<readonly [labels: Labels, value: number | null]>,
): MetricFamily {
  return {
    name,
    type: "gauge",
    unit: unitOf(name),
    help,
    samples: [...values].flatMap(([labels, value]): MetricSample[] =>
      value === null ? [] : [{ suffix: "", labels, value }],
    ),
  };
}

/** A number that only grows. */
export function counter(
  name: string,
  help: string,
  values: Iterable<readonly [labels: Labels, value: number]>,
): MetricFamily {
  const samples = [...values].map(([labels, value]): MetricSample => ({ suffix: "_total", labels, value }));
  return { name, type: "counter", unit: unitOf(name), help, samples };
}

/** Times, told in seconds. */
export function histogram(
  name: string,
  help: string,
  values: Iterable<readonly [labels: Labels, times: Histogram]>,
): MetricFamily {
  return {
    name,
    type: "histogram",
    unit: unitOf(name),
    help,
    samples: [...values].flatMap(([labels, { bounds, counts, sumMs }]): MetricSample[] => {
      let sum = 0;
      const buckets = bounds.map((bound, place): MetricSample => {
        sum += counts[place] ?? 0;
        const le = bound === Number.POSITIVE_INFINITY ? "+Inf" : boundText(bound / 1_000);
        return { suffix: "_bucket", labels: { ...labels, le }, value: sum };
      });
      return [
        ...buckets,
        { suffix: "_sum", labels, value: sumMs / 1_000 },
        { suffix: "_count", labels, value: sum },
      ];
    }),
  };
}

/** OpenMetrics wants its numbers as floats: https://prometheus.io/docs/specs/om/open_metrics_spec/#considerations-canonical-numbers */
function boundText(seconds: number): string {
  return Number.isInteger(seconds) ? seconds.toFixed(1) : String(seconds);
}

function unitOf(name: string): MetricFamily["unit"] {
  return name.endsWith("_seconds") ? "seconds" : null;
}
