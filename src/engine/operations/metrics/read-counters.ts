import {
  criticalBoundsMs,
  type Histogram,
  processingBoundsMs,
  toHistogram,
} from "../../core/telemetry/histogram.ts";
import type { StreamInvocation } from "../../invocation.ts";
import {
  type Counter,
  countersCommand,
  keptWindows,
  parseCounters,
  windowMs,
} from "../../stream/counters.ts";
import { askAll, type NumberedCommand, toShards } from "../../stream/databases.ts";

/** What was counted so far, over all shards and isolates. */
export interface Counted {
  /** By type. */
  readonly published: ReadonlyMap<string, number>;
  /** By subscriber, type and outcome. */
  readonly deliveries: readonly (readonly [
    subscriber: string,
    type: string,
    outcome: string,
    count: number,
  ])[];
  readonly processing: ReadonlyMap<string, Histogram>;
  readonly critical: ReadonlyMap<string, Histogram>;
  readonly missedTicks: number;
}

/** The commands whose replies `toCounted` takes. */
export function countedCommands({
  keys,
  publish,
  databases,
}: Pick<StreamInvocation, "keys" | "publish" | "databases">): NumberedCommand[] {
  return toShards(databases, publish.shards, (shard) => countersCommand(keys.counters(shard), null));
}

/** @throws {RedisReplyError} Redis refused */
export function toCounted(replies: readonly unknown[]): Counted {
  const sums = new Map<string, number>();
  for (const { words, value } of replies.flatMap(parseCounters)) {
    const field = words.join("|");
    sums.set(field, (sums.get(field) ?? 0) + value);
  }
  const byKind = Map.groupBy(
    [...sums].map(([field, value]): Counter => ({ words: field.split("|"), value, window: null })),
    ({ words }) => words[0] ?? "",
  );
  const ofKind = (kind: string) => byKind.get(kind) ?? [];
  const histograms = (kind: string, bounds: readonly number[]) => {
    const totals = new Map(ofKind(`${kind}_us`).map(({ words, value }) => [words[1], value / 1_000]));
    return toHistograms(bounds, ofKind(kind), (subscriber) => totals.get(subscriber) ?? 0);
  };
  return {
    published: new Map(ofKind("published").map(({ words: [, type = ""], value }) => [type, value])),
    deliveries: ofKind("delivery").map(({ words: [, subscriber = "", type = "", outcome = ""], value }) => [
      subscriber,
      type,
      outcome,
      value,
    ]),
    processing: histograms("processing", processingBoundsMs),
    critical: histograms("critical", criticalBoundsMs),
    missedTicks: sums.get("missed_ticks") ?? 0,
  };
}

function toHistograms(
  bounds: readonly number[],
  counters: readonly Counter[],
  sumMs: (subscriber: string) => number,
): Map<string, Histogram> {
  const bySubscriber = Map.groupBy(counters, ({ words }) => words[1] ?? "");
  return new Map(
    [...bySubscriber].map(([subscriber, own]) => [
      subscriber,
      toHistogram(
        bounds,
        own.map(({ words, value }) => [Number(words[2]), value]),
        sumMs(subscriber),
      ),
    ]),
  );
}

/** The longest time that `criticalTimes` looks back, ms. */
const maxCriticalWindowMs = (keptWindows - 1) * windowMs;

/** The first window of those of the last `lastMs`. */
export function oldestWindow(nowMs: number, lastMs: number): number {
  return Math.floor((nowMs - Math.min(lastMs, maxCriticalWindowMs)) / windowMs);
}

/**
 * Critical times by subscriber.
 *
 * @param replies counts of windows from `oldestWindow` on, of all shards
 * @throws {RedisReplyError} Redis refused
 */
export function toCriticalTimes(replies: readonly unknown[], nowMs: number): ReadonlyMap<string, Histogram> {
  const newest = Math.floor(nowMs / windowMs);
  const recent = replies.flatMap(parseCounters).filter(({ window }) => window !== null && window <= newest);
  return toHistograms(criticalBoundsMs, recent, () => 0);
}

/**
 * How long events took from their publishing to their effect, of those that were applied lately, by subscriber; whoever
 * applied none is missing. Replays, redrives and repeats do not count. One round trip to Redis. The sum of the times is not
 * kept for windows, so `sumMs` is 0.
 *
 * @param lastMs how far it looks back; in steps of five minutes, at most 55 of them
 */
export async function criticalTimes(
  { databases, keys, publish, now }: Pick<StreamInvocation, "databases" | "keys" | "publish" | "now">,
  lastMs: number,
): Promise<ReadonlyMap<string, Histogram>> {
  const nowMs = now();
  const oldest = oldestWindow(nowMs, lastMs);
  const replies = await askAll(
    databases,
    toShards(databases, publish.shards, (shard) => countersCommand(keys.counters(shard), oldest)),
  );
  return toCriticalTimes(replies, nowMs);
}
