import { expect, test } from "vitest";
import { formatFor, metricsText } from "./openmetrics.ts";

const families = [
  {
    name: "brain_wait_seconds",
    type: "gauge",
    unit: "seconds",
    help: 'How long "it" waits.',
    samples: [{ suffix: "", labels: { subscriber: 'a"b\\c\nd' }, value: 0.25 }],
  },
  {
    name: "brain_things",
    type: "counter",
    unit: null,
    help: "Things.",
    samples: [{ suffix: "_total", labels: {}, value: 3 }],
  },
] as const;

test("OpenMetrics has units, escaped texts and an end", () => {
  expect(metricsText(families, "openmetrics")).toBe(
    [
      '# HELP brain_wait_seconds How long \\"it\\" waits.',
      "# TYPE brain_wait_seconds gauge",
      "# UNIT brain_wait_seconds seconds",
      'brain_wait_seconds{subscriber="a\\"b\\\\c\\nd"} 0.25',
      "# HELP brain_things Things.",
      "# TYPE brain_things counter",
      "brain_things_total 3",
      "# EOF",
      "",
    ].join("\n"),
  );
});

test("the older text calls a counter as its samples are called, and has neither unit nor end", () => {
  const text = metricsText(families, "text");
  expect(text).toContain('# HELP brain_wait_seconds How long "it" waits.\n');
  expect(text).toContain("# TYPE brain_things_total counter\nbrain_things_total 3\n");
  expect(text).not.toMatch(/UNIT|EOF/);
});

test("a scraper that names OpenMetrics gets it, another one the older text", () => {
  const prometheus =
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
  expect([prometheus, "text/plain", "*/*", undefined].map(formatFor)).toEqual([
    "openmetrics",
    "text",
    "text",
    "text",
  ]);
});
