import { type Count, type CountedOutcome, counterFields } from "./counters.ts";
import { RedisReplyError } from "./redis.ts";

/*
 * Counts over time, for people: how many events came, were handled and failed in each window of the last hour and of the
 * last week. All windows of a series stand in one field of the hash of counters, the newest first:
 *
 *   series|30s|published → 59841333 12 0 0 7 …
 *
 * So they are written by what counts anyway, with no command more, and the hash stays small however long the series is.
 */

/** A series: windows of `spanMs`, of which the newest `kept` are kept. */
export interface Span {
  readonly name: string;
  readonly spanMs: number;
  readonly kept: number;
}

/** One more than are shown: the window that is under way is not over. */
export const fineSpan: Span = { name: "30s", spanMs: 30_000, kept: 121 };
export const hourSpan: Span = { name: "1h", spanMs: 3_600_000, kept: 169 };
/** Of critical times, which have a series for each bound of their histogram. */
export const criticalSpan: Span = { name: "3h", spanMs: 10_800_000, kept: 57 };

/** Outcomes that people follow over time. */
export const followedOutcomes = [
  "applied",
  "retried",
  "dead_lettered",
] as const satisfies readonly CountedOutcome[];
export type FollowedOutcome = (typeof followedOutcomes)[number];

const isFollowed = (outcome: CountedOutcome): outcome is FollowedOutcome =>
  (followedOutcomes as readonly CountedOutcome[]).includes(outcome);

/** @param atMs Unix ms */
function countIn({ name, spanMs, kept }: Span, words: string, delta: number, atMs: number): Count {
  return { field: counterFields.series(name, words), delta, window: Math.floor(atMs / spanMs), kept };
}

/** What is counted over time when events reached the stream. */
export function publishedOverTime(events: number, atMs: number): Count[] {
  return [fineSpan, hourSpan].map((span) => countIn(span, "published", events, atMs));
}

/** What is counted over time of tries; nothing of outcomes that nobody follows. */
export function triesOverTime(
  subscriber: string,
  outcome: CountedOutcome,
  tries: number,
  atMs: number,
): Count[] {
  if (!isFollowed(outcome)) return [];
  return [fineSpan, hourSpan].map((span) => countIn(span, `delivery|${subscriber}|${outcome}`, tries, atMs));
}

/** @param bound of the histogram of critical times, ms; may be infinite */
export function criticalOverTime(subscriber: string, bound: number, events: number, atMs: number): Count {
  return countIn(criticalSpan, `critical|${subscriber}|${bound}`, events, atMs);
}

/** A series as it stands on one shard. */
export interface CountSeries {
  /** Name of its span. */
  readonly span: string;
  /** What is counted: `published`; `delivery`, subscriber, outcome; `critical`, subscriber, bound. */
  readonly words: readonly string[];
  /** The window of the first count; each following one is of the window before. */
  readonly newest: number;
  readonly counts: readonly number[];
}

/** The series in a reply to `countersCommand`. @throws {RedisReplyError} Redis refused, or it has another shape */
export function parseSeries(reply: unknown): CountSeries[] {
  if (reply instanceof Error) throw reply;
  if (!Array.isArray(reply)) throw new RedisReplyError("ERR unexpected reply shape for counters");
  const found: CountSeries[] = [];
  for (let at = 0; at + 1 < reply.length; at += 2) {
    const [kind, span = "", ...words] = String(reply[at]).split("|");
    if (kind !== "series") continue;
    const [newest = Number.NaN, ...counts] = String(reply[at + 1])
      .split(" ")
      .map(Number);
    if (Number.isFinite(newest) && counts.every(Number.isFinite)) found.push({ span, words, newest, counts });
  }
  return found;
}

/** The windows that are asked for, as buckets of `perBucket` windows each, the oldest first. */
export interface Buckets {
  readonly span: Span;
  readonly perBucket: number;
  readonly buckets: number;
}

export const bucketMs = ({ span, perBucket }: Buckets): number => span.spanMs * perBucket;

/** Unix ms of the beginning of the first bucket; the last one is under way. */
export function beginningOf(asked: Buckets, nowMs: number): number {
  const ms = bucketMs(asked);
  return (Math.floor(nowMs / ms) - asked.buckets + 1) * ms;
}

/** The sum of these series by bucket, the oldest first. What a clock ahead of ours counted is in the last one. */
export function sumByBucket(series: readonly CountSeries[], asked: Buckets, nowMs: number): number[] {
  const { span, perBucket, buckets } = asked;
  const first = beginningOf(asked, nowMs) / span.spanMs;
  const sums = Array.from({ length: buckets }, () => 0);
  for (const { newest, counts } of series) {
    for (const [before, count] of counts.entries()) {
      const place = Math.floor((newest - before - first) / perBucket);
      if (place < 0) break;
      const bucket = Math.min(place, buckets - 1);
      sums[bucket] = (sums[bucket] ?? 0) + count;
    }
  }
  return sums;
}
