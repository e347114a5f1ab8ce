import type { Clock } from "../../core/clock.ts";
import { boundOf, criticalBoundsMs, processingBoundsMs } from "../../core/telemetry/histogram.ts";
import { criticalOverTime, triesOverTime } from "../../stream/count-series.ts";
import {
  type Count,
  type CountedOutcome,
  countArgs,
  counterFields,
  maxCounts,
  otherType,
  windowMs,
} from "../../stream/counters.ts";

/** What a drain has done since it last told Redis; told with what it sends anyway. */
export interface DrainCounts {
  /** @param type null where it could not be read */
  note(type: string | null, outcome: CountedOutcome, deliveries?: number): void;
  /** Notes how long events took that were applied. */
  noteTimes(times: readonly AppliedTimes[]): void;
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
    noteTimes(times) {
      const processing = tally(
        processingBoundsMs,
        times.map(({ processingMs }) => processingMs),
      );
      for (const [bound, events] of processing.byBound)
        add(counterFields.processing(subscriber, bound), events);
      if (processing.byBound.size > 0) add(counterFields.processingSum(subscriber), 1_000 * processing.sumMs);
      for (const [appliedAtMs, together] of Map.groupBy(times, (one) => one.appliedAtMs)) {
        const critical = tally(
          criticalBoundsMs,
          together.map(({ criticalMs }) => criticalMs),
        );
        const window = Math.floor(appliedAtMs / windowMs);
        for (const [bound, events] of critical.byBound) {
          add(counterFields.critical(subscriber, bound), events);
          add(counterFields.recent(subscriber, bound, window), events, window);
          addCount(criticalOverTime(subscriber, bound, events, appliedAtMs));
        }
        if (critical.byBound.size > 0) add(counterFields.criticalSum(subscriber), 1_000 * critical.sumMs);
      }
    },
    take() {
      const told = [...counts].slice(0, maxCounts);
      counts = new Map([...counts].slice(maxCounts));
      return countArgs(told.map(([, count]) => ({ ...count, delta: Math.round(count.delta) })));
    },
  };
}

/** How many times lie under each bound, and their sum; nulls are passed over. */
function tally(
  bounds: readonly number[],
  times: readonly (number | null)[],
): { readonly byBound: ReadonlyMap<number, number>; readonly sumMs: number } {
  const byBound = new Map<number, number>();
  let sumMs = 0;
  for (const ms of times) {
    if (ms === null) continue;
    const bound = boundOf(bounds, ms);
    byBound.set(bound, (byBound.get(bound) ?? 0) + 1);
    sumMs += ms;
  }
  return { byBound, sumMs };
}
