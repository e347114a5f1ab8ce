import type { MetricFamily } from "@brain/engine";

/*
 * Metrics as text, of our own: prom-client, the well-kept library of the field, collects in a process of Node. Our isolates
 * come and go, and count in Redis, so of such a library only this text is left to do.
 *
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */

/** `text`: what scrapers before OpenMetrics, and `promtool check metrics`, read. */
export type MetricsFormat = "openmetrics" | "text";

export const contentTypes = {
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  text: "text/plain; version=0.0.4; charset=utf-8",
} as const satisfies Record<MetricsFormat, string>;

/** The format that a scraper asks for; whoever does not name OpenMetrics gets the older one, which all can read. */
export function formatFor(accept: string | undefined): MetricsFormat {
  return accept?.includes("application/openmetrics-text") === true ? "openmetrics" : "text";
}

/** Pure. */
export function metricsText(families: readonly MetricFamily[], format: MetricsFormat): string {
  const lines = families.flatMap((family) => familyLines(family, format));
  if (format === "openmetrics") lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

function familyLines({ name, type, unit, help, samples }: MetricFamily, format: MetricsFormat): string[] {
  // Before OpenMetrics a counter was called as its samples are.
  const told = format === "text" && type === "counter" ? `${name}_total` : name;
  const head = [`# HELP ${told} ${escaped(help, format)}`, `# TYPE ${told} ${type}`];
  if (format === "openmetrics" && unit !== null) head.push(`# UNIT ${told} ${unit}`);
  return [
    ...head,
    ...samples.map(
      ({ suffix, labels, value }) => `${name}${suffix}${labelText(labels)} ${numberText(value)}`,
    ),
  ];
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value, "openmetrics")}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** The older format takes quotes of a help text as they are. */
function escaped(text: string, format: MetricsFormat): string {
  const lines = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return format === "openmetrics" ? lines.replaceAll('"', '\\"') : lines;
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return Number.isFinite(value) ? String(value) : "NaN";
}
