import { type Command, RedisReplyError } from "./redis.ts";

/*
 * Counters of what relay, drains and cron have done: a hash for each shard. They are added up inside of scripts that are
 * sent anyway, so counting costs no call, and whichever isolate counts, the numbers are the system's and go on when an
 * isolate ends. Redis keeps them, so they begin again when Redis loses its data.
 *
 * A field is its words joined by `|`; none of them has one. Its value is a whole number, or `{window} {number}` for
 * counts of a window of time, which begin again when the window is another one, or a series, see `count-series.ts`.
 */

/** What is to be added. */
export interface Count {
  readonly field: string;
  /** Whole. */
  readonly delta: number;
  /** Left out: it counts for ever. */
  readonly window?: number;
  /** It is a series, and so many windows of it are kept; left out: the newest window alone. */
  readonly kept?: number;
}

/**
 * Adds the counts that stand in ARGV from `at` on, as `countArgs` writes them, in two commands, however many there are.
 * It never makes its script fail: a count is no reason to lose work. Returns the place behind them.
 */
export const countsInLua = `
local function addToSeries(before, window, kept, delta)
  local newest, count, rest = string.match(before, '^(%d+) (%d+)(.*)$')
  if newest == tostring(window) then return newest .. ' ' .. string.format('%.0f', tonumber(count) + delta) .. rest end
  window = tonumber(window)
  local ahead = window - (tonumber(newest) or 0)
  -- Also a clock that was far ahead is forgotten so.
  if ahead >= kept or ahead <= -kept then return string.format('%.0f %.0f', window, delta) end
  local counts = {}
  if ahead > 0 then
    newest, counts[1] = string.format('%.0f', window), string.format('%.0f', delta)
    for i = 2, ahead do counts[i] = '0' end
  end
  for number in string.gmatch(count .. rest, '%d+') do
    if #counts < kept then counts[#counts + 1] = number end
  end
  if ahead < 0 then
    for i = #counts + 1, 1 - ahead do counts[i] = '0' end
    counts[1 - ahead] = string.format('%.0f', tonumber(counts[1 - ahead]) + delta)
  end
  return newest .. ' ' .. table.concat(counts, ' ')
end
local function addCounts(key, at)
  local many = tonumber(ARGV[at])
  if many == 0 then return at + 1 end
  local fields, changed, latest = {}, {}, {}
  for i = 1, many do fields[i] = ARGV[at + 3 * i - 2] end
  local known = redis.pcall('HMGET', key, unpack(fields))
  if not known.err then
    for i = 1, many do
      local delta, window = tonumber(ARGV[at + 3 * i - 1]), ARGV[at + 3 * i]
      -- A field may stand there twice, with two windows.
      local before = latest[fields[i]] or known[i] or '0'
      local series, kept = string.match(window, '^(%d+)/(%d+)$')
      changed[2 * i - 1] = fields[i]
      if series then changed[2 * i] = addToSeries(before, series, tonumber(kept), delta)
      else
        if window ~= '' then
          local of, number = string.match(before, '^(%d+) (%d+)$')
          before = of == window and number or '0'
          window = window .. ' '
        end
        changed[2 * i] = window .. string.format('%.0f', (tonumber(before) or 0) + delta)
      end
      latest[fields[i]] = changed[2 * i]
    end
    redis.pcall('HSET', key, unpack(changed))
  end
  return at + 3 * many + 1
end`;

/** Fields of one script: Lua hands a function at most some thousand words. */
export const maxCounts = 1_000;

/** The words that `addCounts` reads. */
export function countArgs(counts: readonly Count[]): string[] {
  const sent = counts.slice(0, maxCounts);
  return [
    String(sent.length),
    ...sent.flatMap(({ field, delta, window, kept }) => [
      field,
      String(delta),
      `${window ?? ""}${kept === undefined ? "" : `/${kept}`}`,
    ]),
  ];
}

/**
 * Of all fields of the hash those that count for ever; or with a window those that count for it or for a later one; or
 * with names of spans their series, and with a window, too, both.
 */
export const pickCountsInLua = `
local function pickCounts(all, oldest, spans)
  local found = {}
  for i = 1, #all, 2 do
    local kind, isWanted = string.sub(all[i], 1, 7), false
    if kind == 'recent|' then isWanted = oldest and (tonumber(string.match(all[i + 1], '^%d+')) or 0) >= oldest
    elseif kind == 'series|' then isWanted = spans and spans[string.match(all[i], '^series|([^|]+)')]
    else isWanted = not oldest and not spans end
    if isWanted then
      found[#found + 1] = all[i]
      found[#found + 1] = all[i + 1]
    end
  end
  return found
end`;

const readScript = `${pickCountsInLua}
local spans
for i = 2, #ARGV do
  spans = spans or {}
  spans[ARGV[i]] = true
end
return pickCounts(redis.call('HGETALL', KEYS[1]), tonumber(ARGV[1]), spans)`;

/**
 * For a pipeline; the reply is for `parseCounters` and `parseSeries`.
 *
 * @param oldest counts of this window and later ones; null: those that count for ever, unless series are asked for
 * @param spans names of spans whose series are wanted
 */
export function countersCommand(key: string, oldest: number | null, spans: readonly string[] = []): Command {
  return ["EVAL", readScript, "1", key, oldest?.toString() ?? "", ...spans];
}

/** A counter as it stands. */
export interface Counter {
  readonly words: readonly string[];
  readonly value: number;
  /** Null: it counts for ever. */
  readonly window: number | null;
}

/** @throws {RedisReplyError} Redis refused, or the reply has another shape */
export function parseCounters(reply: unknown): Counter[] {
  if (reply instanceof Error) throw reply;
  if (!Array.isArray(reply)) throw new RedisReplyError("ERR unexpected reply shape for counters");
  const counters: Counter[] = [];
  for (let at = 0; at + 1 < reply.length; at += 2) {
    if (String(reply[at]).startsWith("series|")) continue;
    const [first, second] = String(reply[at + 1]).split(" ");
    const value = Number(second ?? first);
    if (!Number.isFinite(value)) continue;
    counters.push({
      words: String(reply[at]).split("|"),
      value,
      window: second === undefined ? null : Number(first),
    });
  }
  return counters;
}

/** What became of a delivery, as counters and metrics call it. */
export const outcomes = [
  "applied",
  "retried",
  "dead_lettered",
  "redelivered",
  "published_twice",
  "skipped",
] as const;
export type CountedOutcome = (typeof outcomes)[number];

/** Stands in for a type that the catalog does not have, so that other programs cannot make up counters. */
export const otherType = "other";

/** Counts of windows lie so many ms together, and so many windows are kept. */
export const windowMs = 300_000;
export const keptWindows = 12;

/** The names of all counters. */
export const counterFields = {
  published: (type: string) => `published|${type}`,
  delivery: (subscriber: string, type: string, outcome: CountedOutcome) =>
    `delivery|${subscriber}|${type}|${outcome}`,
  /** @param bound upper bound of the bucket, ms; may be infinite */
  processing: (subscriber: string, bound: number) => `processing|${subscriber}|${bound}`,
  /** In microseconds: some handlers take less than one ms. */
  processingSum: (subscriber: string) => `processing_us|${subscriber}`,
  critical: (subscriber: string, bound: number) => `critical|${subscriber}|${bound}`,
  criticalSum: (subscriber: string) => `critical_us|${subscriber}`,
  /** Windows take turns in the same fields. */
  recent: (subscriber: string, bound: number, window: number) =>
    `recent|${subscriber}|${bound}|${window % keptWindows}`,
  /** @param span name of a span of `count-series.ts` */
  series: (span: string, words: string) => `series|${span}|${words}`,
  missedTicks: () => "missed_ticks",
} as const;
