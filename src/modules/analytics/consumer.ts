import { type Consumer, type Delivered, defineConsumer, isImpossible, onSqlSet } from "@brain/engine";
import type { Envelope } from "@brain/schemas";
import type { SQL } from "drizzle-orm";
import { type Counting, countings, type Measure } from "./counting.ts";
import { meaningOf, metricNames, otherKind, placeOf } from "./metrics.ts";
import {
  countingSql,
  type Increment,
  type KindRow,
  mostCounted,
  notingSubjects,
  type SubjectRow,
} from "./store.ts";

const countingOf: ReadonlyMap<string, Counting> = new Map(
  countings.map((counting) => [counting.definition.type, counting]),
);
const openMetrics: ReadonlySet<string> = new Set(
  metricNames.filter((metric) => meaningOf(metric).areKindsOpen === true),
);
/** As wide as the columns. Ids of older programs may be longer. */
const widest = 100;

/**
 * The subscriber `analytics`: counts. The claim of an event commits with what it adds, so a redelivery adds nothing, and a
 * forced replay leaves out what was counted before (`repeated`): the numbers are those of the events, each once.
 */
export function analyticsConsumer(): Consumer {
  return defineConsumer({
    subscriber: "analytics",
    handlers: [
      onSqlSet(
        countings.map(({ definition }) => definition),
        ({ deliveries, now }) => statementsOf(deliveries, now()),
      ),
    ],
  });
}

function statementsOf(deliveries: readonly Delivered[], now: Date): SQL[] {
  const events = deliveries.filter(({ repeated }) => !repeated).map(({ event }) => event as Envelope);
  if (events.length === 0) return [];
  const { increments, subjects, kinds } = gather(events, now);
  return [
    ...(subjects.length + kinds.length === 0 ? [] : [notingSubjects(subjects, kinds)]),
    countingSql(increments, [...openMetrics]),
  ];
}

interface Gathered {
  readonly increments: readonly Increment[];
  readonly subjects: readonly SubjectRow[];
  readonly kinds: readonly KindRow[];
}

/** What a batch adds, equal ones in one. */
function gather(events: readonly Envelope[], now: Date): Gathered {
  const increments = new Map<string, Increment>();
  const subjects: SubjectRow[] = [];
  const kinds = new Map<string, KindRow>();
  for (const event of events) {
    const counting = countingOf.get(event.type);
    if (counting === undefined) continue;
    const t = event.tenant_id?.slice(0, widest) ?? "";
    const h = hourOf(event, now);
    const subject = counting.subject?.(event.payload) ?? null;
    if (subject !== null) {
      const { id, courseId, language, kind } = subject;
      subjects.push({ t, i: id.slice(0, widest), c: courseId.slice(0, widest), l: language, k: kind });
    }
    const measures = [{ metric: "events", kind: event.type } as const, ...counting.measures(event.payload)];
    for (const measure of measures) {
      const increment = incrementOf(measure, t, h);
      const { m, k } = increment;
      const key = JSON.stringify([t, m, h, increment.i, increment.l, k, increment.p]);
      const known = increments.get(key);
      if (known === undefined) increments.set(key, increment);
      else {
        known.n = within(known.n + increment.n);
        known.s = within(known.s + increment.s);
      }
      if (k !== null && k !== otherKind && openMetrics.has(m)) kinds.set(`${t} ${m} ${k}`, { t, m, k });
    }
  }
  return { increments: [...increments.values()], subjects, kinds: [...kinds.values()] };
}

function incrementOf(measure: Measure, t: string, h: string): Increment {
  const { metric, count = 1, total = 0, ms, courseId = "", entryId, language, kind } = measure;
  return {
    t,
    m: metric,
    h,
    i: (entryId ?? courseId).slice(0, widest),
    l: language ?? null,
    k: kind ?? (entryId === undefined ? "" : null),
    p: ms === undefined ? null : placeOf(ms),
    n: within(count),
    s: within(ms ?? total),
  };
}

/** At most what sums hold: an event that tells of more is counted with that, and stops nothing. */
const within = (measured: number) => Math.min(measured, mostCounted);

/**
 * The hour in which it happened, so that a late event counts where it belongs. One of a clock that is far ahead counts
 * now: its hour would never end.
 */
function hourOf({ timestamp }: Envelope, now: Date): string {
  const at = new Date(timestamp);
  const hour = Number.isNaN(at.getTime()) || isImpossible(at, now) ? now : at;
  return `${hour.toISOString().slice(0, 13)}:00:00.000Z`;
}
