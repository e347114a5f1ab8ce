import type { Metric } from "./metrics.ts";

/** Numbers that are made of others. Pure; a rate without anything to divide by is null. */

/** Of a hundred generations one may fail. */
const failureTarget = 0.01;

/** What was counted of a metric, by kind. */
export interface Counted {
  readonly metric: Metric;
  readonly kind: string;
  readonly count: number;
  readonly total: number;
}

/** Of one currency, in its smallest units. */
export interface Revenue {
  readonly received: number;
  readonly refunded: number;
  /** Refunds whose money came back. */
  readonly reversed: number;
  readonly net: number;
}

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

/** Numbers as one looks for them. */
export function ratesOf(rows: readonly Counted[]) {
  const count = (metric: Metric) => sumOf(rows, metric, "count");
  const average = (metric: Metric) => ratio(sumOf(rows, metric, "total"), count(metric));
  const [made, failed] = [count("courses.completed"), count("courses.failed")];
  const failure = ratio(failed, made + failed);
  const [rejected, judged] = [
    count("validations.rejected"),
    count("validations.passed") + count("validations.escalated") + count("validations.rejected"),
  ];
  const compared = count("graphs.equal") + count("graphs.different");
  const done = count("missions.completed") + count("missions.failed");
  return {
    generation_success_rate: ratio(made, made + failed),
    generation_failure_rate: failure,
    generation_within_target: failure === null ? null : failure <= failureTarget,
    generation_average_ms: average("courses.completed"),
    lessons_per_course: average("courses.lessons"),
    lessons_per_outline: average("courses.outlines"),
    questions_per_quiz: average("courses.quizzes"),
    click_rate: ratio(count("distributions.clicks"), count("distributions.views")),
    approval_average_ms: average("approvals.consumed"),
    approval_abandonment_rate: ratio(count("approvals.expired"), count("approvals.created")),
    rejection_rate: ratio(rejected, judged),
    graph_success_rate: ratio(count("graphs.equal"), compared),
    mission_success_rate: ratio(count("missions.completed"), done),
    mission_retry_rate: ratio(count("missions.retried"), count("missions.created")),
    attempt_average_ms: average("attempts.completed"),
    completion_rate: ratio(count("completions.recorded"), count("enrollments.created")),
    revenue: revenueOf(rows),
  };
}

/** What `ratesOf` reads. */
export const ratedMetrics: readonly Metric[] = [
  "courses.completed",
  "courses.failed",
  "courses.lessons",
  "courses.outlines",
  "courses.quizzes",
  "distributions.clicks",
  "distributions.views",
  "approvals.consumed",
  "approvals.created",
  "approvals.expired",
  "validations.passed",
  "validations.escalated",
  "validations.rejected",
  "graphs.equal",
  "graphs.different",
  "missions.created",
  "missions.completed",
  "missions.failed",
  "missions.retried",
  "attempts.completed",
  "enrollments.created",
  "completions.recorded",
  "payments.received",
  "payments.refunded",
  "payments.refunds_reversed",
];

function sumOf(rows: readonly Counted[], metric: Metric, field: "count" | "total", kind?: string): number {
  return rows
    .filter((row) => row.metric === metric && (kind === undefined || row.kind === kind))
    .reduce((sum, row) => sum + row[field], 0);
}

function revenueOf(rows: readonly Counted[]): Readonly<Record<string, Revenue>> {
  const money = rows.filter(({ metric }) => metric.startsWith("payments.re"));
  const currencies = [...new Set(money.map(({ kind }) => kind))].sort();
  return Object.fromEntries(
    currencies.map((currency) => {
      const received = sumOf(money, "payments.received", "total", currency);
      const refunded = sumOf(money, "payments.refunded", "total", currency);
      const reversed = sumOf(money, "payments.refunds_reversed", "total", currency);
      return [currency, { received, refunded, reversed, net: received - refunded + reversed }];
    }),
  );
}

/** The steps from an idea to a learner who has learned it, in order. */
export const funnelStages = [
  ["requested", "courses.requested"],
  ["completed", "courses.completed"],
  ["distributed", "distributions.created"],
  ["viewed", "distributions.views"],
  ["enrolled", "enrollments.created"],
  ["paid", "payments.received"],
  ["learned", "completions.recorded"],
] as const satisfies readonly (readonly [string, Metric])[];

export interface Stage {
  readonly stage: (typeof funnelStages)[number][0];
  readonly count: number;
  /** Of the stage before; courses become views and views become learners, so it can be above 1. */
  readonly of_previous: number | null;
}

/** Variants of an entry are no further courses: the stage `distributed` leaves them out. */
export function funnelOf(rows: readonly Counted[]): readonly Stage[] {
  const counts = funnelStages.map(([, metric]) =>
    sumOf(rows, metric, "count", metric === "distributions.created" ? "base" : undefined),
  );
  return funnelStages.map(([stage], place) => {
    const count = counts[place] ?? 0;
    return { stage, count, of_previous: place === 0 ? null : ratio(count, counts[place - 1] ?? 0) };
  });
}
