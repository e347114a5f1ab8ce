import {
  countOf,
  criticalBoundsMs,
  type Histogram,
  quantileMs,
  toHistogram,
} from "../../core/telemetry/histogram.ts";
import type { StreamInvocation } from "../../invocation.ts";
import {
  type Buckets,
  beginningOf,
  bucketMs,
  type CountSeries,
  criticalSpan,
  type FollowedOutcome,
  fineSpan,
  hourSpan,
  parseSeries,
  sumByBucket,
} from "../../stream/count-series.ts";
import { countersCommand, windowMs } from "../../stream/counters.ts";
import { isAway, type NumberedCommand, toShards } from "../../stream/databases.ts";
import { oldestWindow, toCriticalTimes } from "./read-counters.ts";

/*
 * What happened lately, as people look at it: counts by bucket of a window that ends now. It is told by the counters that
 * relay and drains keep in Redis, so it costs Postgres nothing, however many events there are.
 */

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** The windows that can be looked at. The last bucket is under way. */
export const timeWindows = {
  "15m": { lastMs: 15 * minuteMs, span: fineSpan, perBucket: 1, buckets: 30 },
  "1h": { lastMs: hourMs, span: fineSpan, perBucket: 2, buckets: 60 },
  "24h": { lastMs: 24 * hourMs, span: hourSpan, perBucket: 1, buckets: 24 },
  "7d": { lastMs: 7 * 24 * hourMs, span: hourSpan, perBucket: 3, buckets: 56 },
} as const satisfies Record<string, Buckets & { readonly lastMs: number }>;
export type TimeWindow = keyof typeof timeWindows;
export const timeWindowNames = Object.keys(timeWindows) as [TimeWindow, ...TimeWindow[]];

/** Of times from publishing to effect. Percentiles are upper bounds of the histogram's buckets. */
export interface CriticalTimeView {
  /** Events that were applied for the first time. */
  readonly count: number;
  /** Null: none was counted, or it lies above `highest_ms`. */
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
  readonly highest_ms: number;
  /** Since when; windows of critical times are coarser than the buckets. */
  readonly from: string;
}

/** Counts by bucket, the oldest first. */
export type TriesOverTime = Readonly<Record<FollowedOutcome, readonly number[]>>;

export interface OverTime {
  readonly from: string;
  readonly bucketMs: number;
  /** Events that reached the stream. */
  readonly published: readonly number[];
  /** @param subscriber null: all together */
  tries(subscriber: string | null): TriesOverTime;
  /** @param subscriber null: all together */
  criticalTime(subscriber: string | null): CriticalTimeView;
  /** Of the last 30 to 60 seconds. */
  readonly perSecond: { readonly published: number; readonly applied: number };
}

const isLong = (window: TimeWindow) => timeWindows[window].span === hourSpan;

/** The commands whose replies `toOverTime` takes: one for each shard. */
export function overTimeCommands(
  { keys, publish, databases }: Pick<StreamInvocation, "keys" | "publish" | "databases">,
  window: TimeWindow,
  nowMs: number,
): NumberedCommand[] {
  const spans = isLong(window) ? [fineSpan, hourSpan, criticalSpan] : [fineSpan];
  const oldest = isLong(window) ? null : oldestWindow(nowMs, timeWindows[window].lastMs);
  return toShards(databases, publish.shards, (shard) =>
    countersCommand(
      keys.counters(shard),
      oldest,
      spans.map(({ name }) => name),
    ),
  );
}

/**
 * What a database counted that is away is missing: the shards of the others go on being looked at.
 *
 * @throws {RedisReplyError} Redis refused
 */
export function toOverTime(all: readonly unknown[], window: TimeWindow, nowMs: number): OverTime {
  const replies = all.filter((reply) => !isAway(reply));
  const asked = timeWindows[window];
  const series = Map.groupBy(replies.flatMap(parseSeries), ({ span, words }) => [span, ...words].join("|"));
  const published = (span: string) => series.get(`${span}|published`) ?? [];
  const tries = (span: string, subscriber: string | null, outcome: FollowedOutcome) =>
    subscriber === null
      ? [...series].flatMap(([, own]) => own.filter((one) => isOf(one, span, outcome)))
      : (series.get(`${span}|delivery|${subscriber}|${outcome}`) ?? []);
  const critical = criticalTimes(replies, series, window, nowMs);
  return {
    from: new Date(beginningOf(asked, nowMs)).toISOString(),
    bucketMs: bucketMs(asked),
    published: sumByBucket(published(asked.span.name), asked, nowMs),
    tries: (subscriber) => {
      const inBuckets = (outcome: FollowedOutcome) =>
        sumByBucket(tries(asked.span.name, subscriber, outcome), asked, nowMs);
      return {
        applied: inBuckets("applied"),
        retried: inBuckets("retried"),
        dead_lettered: inBuckets("dead_lettered"),
      };
    },
    criticalTime: (subscriber) =>
      viewOf(
        subscriber === null ? [...critical.bySubscriber.values()] : [critical.bySubscriber.get(subscriber)],
        critical.fromMs,
      ),
    perSecond: {
      published: ratePerSecond(published(fineSpan.name), nowMs),
      applied: ratePerSecond(tries(fineSpan.name, null, "applied"), nowMs),
    },
  };
}

const isOf = ({ span, words: [kind, , of] }: CountSeries, wanted: string, outcome: FollowedOutcome) =>
  span === wanted && kind === "delivery" && of === outcome;

function criticalTimes(
  replies: readonly unknown[],
  series: ReadonlyMap<string, readonly CountSeries[]>,
  window: TimeWindow,
  nowMs: number,
): { readonly bySubscriber: ReadonlyMap<string, Histogram>; readonly fromMs: number } {
  const { lastMs } = timeWindows[window];
  if (!isLong(window)) {
    return {
      bySubscriber: toCriticalTimes(replies, nowMs),
      fromMs: oldestWindow(nowMs, lastMs) * windowMs,
    };
  }
  const { spanMs, name } = criticalSpan;
  const oldest = Math.floor((nowMs - lastMs) / spanMs);
  const counted = [...series.values()]
    .flat()
    .filter(({ span, words }) => span === name && words[0] === "critical");
  const bySubscriber = Map.groupBy(counted, ({ words }) => words[1] ?? "");
  return {
    fromMs: oldest * spanMs,
    bySubscriber: new Map(
      [...bySubscriber].map(([subscriber, own]) => [
        subscriber,
        toHistogram(
          criticalBoundsMs,
          own.map(({ words, newest, counts }) => [
            Number(words[2]),
            counts.reduce((sum, count, before) => (newest - before >= oldest ? sum + count : sum), 0),
          ]),
          0,
        ),
      ]),
    ),
  };
}

function viewOf(histograms: readonly (Histogram | undefined)[], fromMs: number): CriticalTimeView {
  const all = toHistogram(
    criticalBoundsMs,
    histograms.flatMap((one) =>
      one === undefined ? [] : one.bounds.map((bound, place) => [bound, one.counts[place] ?? 0] as const),
    ),
    0,
  );
  const quantile = (share: number) => {
    const ms = quantileMs(all, share);
    return ms === null || !Number.isFinite(ms) ? null : ms;
  };
  return {
    count: countOf(all),
    p50_ms: quantile(0.5),
    p95_ms: quantile(0.95),
    p99_ms: quantile(0.99),
    highest_ms: criticalBoundsMs.at(-1) ?? 0,
    from: new Date(fromMs).toISOString(),
  };
}

/** Over the window that is under way and the one before: one alone would be near 0 at its beginning. */
function ratePerSecond(series: readonly CountSeries[], nowMs: number): number {
  const asked = { span: fineSpan, perBucket: 1, buckets: 2 };
  const [before = 0, current = 0] = sumByBucket(series, asked, nowMs);
  const seconds = Math.max(fineSpan.spanMs, nowMs - beginningOf(asked, nowMs)) / 1_000;
  return Math.round(((before + current) / seconds) * 100) / 100;
}

export const sumOf = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

export function totalsOf(tries: TriesOverTime): Record<FollowedOutcome, number> {
  const { applied, retried, dead_lettered } = tries;
  return { applied: sumOf(applied), retried: sumOf(retried), dead_lettered: sumOf(dead_lettered) };
}
