import type { Clock } from "../core/clock.ts";
import { boundOf, criticalBoundsMs, processingBoundsMs } from "../core/histogram.ts";
import { criticalOverTime, triesOverTime } from "../stream/count-series.ts";
import {
  type Count,
  type CountedOutcome,
  countArgs,
  counterFields,
  maxCounts,
  otherType,
  windowMs,
} from "../stream/counters.ts";

/** What a drain has done since it last told Redis; told with what it sends anyway. */
export interface DrainCounts {
  /** @param type null where it could not be read */
  note(type: string | null, outcome: CountedOutcome, deliveries?: number): void;
  /** Notes how long an event took that was applied. */
  noteTimes(times: AppliedTimes): void;
  /** What is to be told, as words of a script; it counts as told from then on. */
  take(): string[];
}

export interface AppliedTimes {
  /** In its handler; null where nobody can tell. */
  readonly processingMs: number | null;
  /** From its publishing to the commit of its effect; null where that says nothing, as of a replay. */
  readonly criticalMs: number | null;
  /** Of the commit, Unix ms. */
  readonly appliedAtMs: number;
}

/** @param isKnown whether the catalog has a type: others are counted together, see `otherType` */
export function createDrainCounts(
  subscriber: string,
  isKnown: (type: string) => boolean,
  now: Clock,
): DrainCounts {
  let counts = new Map<string, { -readonly [Part in keyof Count]: Count[Part] }>();
  const addCount = (count: Count) => {
    const place = `${count.field} ${count.window ?? ""}`;
    const known = counts.get(place);
    if (known === undefined) counts.set(place, { ...count });
    else known.delta += count.delta;
  };
  const add = (field: string, delta: number, window?: number) =>
    addCount({ field, delta, ...(window === undefined ? {} : { window }) });
  return {
    note(type, outcome, deliveries = 1) {
      if (deliveries === 0) return;
      const named = type !== null && isKnown(type) ? type : otherType;
      add(counterFields.delivery(subscriber, named, outcome), deliveries);
      for (const count of triesOverTime(subscriber, outcome, deliveries, now())) addCount(count);
    },
    noteTimes({ processingMs, criticalMs, appliedAtMs }) {
      if (processingMs !== null) {
        add(counterFields.processing(subscriber, boundOf(processingBoundsMs, processingMs)), 1);
        add(counterFields.processingSum(subscriber), 1_000 * processingMs);
      }
      if (criticalMs === null) return;
      const bound = boundOf(criticalBoundsMs, criticalMs);
      const window = Math.floor(appliedAtMs / windowMs);
      add(counterFields.critical(subscriber, bound), 1);
      add(counterFields.criticalSum(subscriber), 1_000 * criticalMs);
      add(counterFields.recent(subscriber, bound, window), 1, window);
      addCount(criticalOverTime(subscriber, bound, appliedAtMs));
    },
    take() {
      const told = [...counts].slice(0, maxCounts);
      counts = new Map([...counts].slice(maxCounts));
      return countArgs(told.map(([, count]) => ({ ...count, delta: Math.round(count.delta) })));
    },
  };
}
