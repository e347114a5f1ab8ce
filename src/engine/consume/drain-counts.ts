import { boundOf, criticalBoundsMs, processingBoundsMs } from "../core/histogram.ts";
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
export function createDrainCounts(subscriber: string, isKnown: (type: string) => boolean): DrainCounts {
  let counts = new Map<string, { delta: number; readonly window: number | undefined }>();
  const add = (field: string, delta: number, window?: number) => {
    const known = counts.get(field);
    if (known === undefined || known.window !== window) counts.set(field, { delta, window });
    else known.delta += delta;
  };
  return {
    note(type, outcome, deliveries = 1) {
      if (deliveries === 0) return;
      const named = type !== null && isKnown(type) ? type : otherType;
      add(counterFields.delivery(subscriber, named, outcome), deliveries);
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
    },
    take() {
      const told = [...counts].slice(0, maxCounts);
      counts = new Map([...counts].slice(maxCounts));
      return countArgs(
        told.map(
          ([field, { delta, window }]): Count => ({
            field,
            delta: Math.round(delta),
            ...(window === undefined ? {} : { window }),
          }),
        ),
      );
    },
  };
}
