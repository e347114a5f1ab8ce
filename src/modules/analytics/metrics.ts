/** What is counted, and what the numbers mean. Pure. */

/** What a metric says beside how often. */
export interface MetricMeaning {
  readonly about: string;
  /** Of `total`; null: it is counted only. */
  readonly unit: "ms" | "minor units" | "lessons" | "modules" | "questions" | null;
  /** What `kind` tells apart; null: it has no kinds. */
  readonly kinds: string | null;
  /** Kinds come from outside: only the first of them are told apart. */
  readonly areKindsOpen?: true;
}

const counted = (about: string): MetricMeaning => ({ about, unit: null, kinds: null });
const timed = (about: string): MetricMeaning => ({ about, unit: "ms", kinds: null });
const byKind = (about: string, kinds: string): MetricMeaning => ({ about, unit: null, kinds });
const byOpenKind = (about: string, kinds: string): MetricMeaning => ({
  ...byKind(about, kinds),
  areKindsOpen: true,
});
const money = (about: string): MetricMeaning => ({
  about,
  unit: "minor units",
  kinds: "currency",
  areKindsOpen: true,
});

export const metrics = {
  events: byKind("events that are counted here", "type of the event"),
  "courses.requested": counted("courses asked for, without previews"),
  "courses.previews": counted("previews asked for (`dry_run`)"),
  "courses.completed": timed("courses finished; from request to finish"),
  "courses.failed": timed("generations that failed; from request to failure"),
  "courses.lessons": { about: "finished courses; lessons written in full", unit: "lessons", kinds: null },
  "courses.outlines": { about: "outlines; their lessons", unit: "lessons", kinds: null },
  "courses.outline_modules": { about: "outlines; their modules", unit: "modules", kinds: null },
  "courses.quizzes": { about: "quizzes; their questions", unit: "questions", kinds: null },
  "courses.landing_pages": counted("landing pages"),
  "distributions.created": byKind("catalogue entries", "`base`, `variant`"),
  "distributions.failed": counted("requested distributions that could not be made"),
  "distributions.published": counted("entries that became public"),
  "distributions.unpublished": counted("entries that left the catalogue"),
  "distributions.deleted": counted("entries removed"),
  "distributions.variants": counted("variants derived for a niche"),
  "distributions.views": byKind("views of entries", "`base`, `variant`"),
  "distributions.clicks": byKind("clicks on the call to action", "`base`, `variant`"),
  "approvals.created": counted("approvals asked for"),
  "approvals.consumed": timed("approvals used; from request to use"),
  "approvals.expired": counted("approvals that ended unused"),
  "approvals.refused": byKind("uses that were refused", "reason"),
  "validations.passed": counted("plans that may run"),
  "validations.escalated": counted("plans that need an approval"),
  "validations.rejected": counted("plans that must not run"),
  "validations.violations": byOpenKind("broken rules in plans that were refused or escalated", "code"),
  "graphs.equal": counted("execution graphs that are those of their plans"),
  "graphs.different": counted("execution graphs that differ"),
  "missions.created": byOpenKind("missions recorded", "type of mission"),
  "missions.completed": counted("missions that succeeded, also in part"),
  "missions.failed": counted("missions that failed for good"),
  "missions.cancelled": counted("missions cancelled"),
  "attempts.started": byOpenKind("attempts begun", "type of mission"),
  "attempts.completed": {
    ...byOpenKind("attempts that succeeded; their time", "type of mission"),
    unit: "ms",
  },
  "attempts.failed": { ...byOpenKind("attempts that failed; their time", "type of mission"), unit: "ms" },
  "attempts.retried": byOpenKind("attempts that follow a failed one", "type of mission"),
  "missions.retried": byOpenKind("missions whose first attempt is followed by another", "type of mission"),
  "items.created": counted("task items"),
  "items.completed": counted("task items done"),
  "payments.begun": counted("payments begun"),
  "payments.received": money("payments received; revenue"),
  "payments.failed": counted("payments that failed"),
  "payments.cancelled": counted("payments given up"),
  "payments.refunded": money("refunds; what was paid back"),
  "payments.refunds_reversed": money("refunds whose money came back to us"),
  "payments.refunds_failed": counted("refunds that failed and had not completed"),
  "enrollments.created": counted("enrolments in courses"),
  "completions.recorded": counted("courses completed by learners"),
  "certificates.issued": counted("certificates"),
  "access.granted": byKind("accesses to courses given", "`payment`, `operator`"),
  "access.revoked": byKind("accesses taken", "`refund`, `operator`"),
} as const satisfies Readonly<Record<string, MetricMeaning>>;

export type Metric = keyof typeof metrics;
export const metricNames = Object.keys(metrics) as readonly Metric[];

export function meaningOf(metric: Metric): MetricMeaning {
  return metrics[metric];
}

/** Upper bounds of the places of a histogram, ms; what is longer than the last has a place of its own. */
export const durationBoundsMs = [
  100, 1_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 86_400_000,
] as const;
/** Places of a histogram. */
export const histogramPlaces = durationBoundsMs.length + 1;

/** Place in a histogram, from 0. */
export function placeOf(ms: number): number {
  const place = durationBoundsMs.findIndex((bound) => ms <= bound);
  return place === -1 ? durationBoundsMs.length : place;
}

/** Kinds from outside that a metric tells apart for a tenant, about. */
export const mostKinds = 100;
/** All that are beyond, and those that are no plain word: a text could be about somebody. */
export const otherKind = "other";
const plainWord = /^[A-Za-z][A-Za-z0-9_.:-]{0,59}$/;

/** A kind from outside as it may be stored. */
export function kindOf(text: string | null | undefined): string {
  if (text === null || text === undefined || text === "") return "unknown";
  return plainWord.test(text) ? text : otherKind;
}

export const unknownLanguage = "und";

/** `de` of `de-AT`. */
export function languageOf(tag: string): string {
  const [language = ""] = tag.toLowerCase().split("-", 1);
  return /^[a-z]{2}$/.test(language) ? language : unknownLanguage;
}

/** What is known of a currency that is not told: ISO 4217 for "no currency". */
const noCurrency = "XXX";

export function currencyOf(currency: string | null): string {
  return currency ?? noCurrency;
}
