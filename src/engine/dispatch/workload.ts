import type { Alert } from "../alerts/alerts.ts";
import { criticalTimeAlert, criticalTimeWindowMs, lagAlert } from "../alerts/engine-watches.ts";
import { watchMark } from "../db/alert-watch.ts";
import type { StreamInvocation } from "../invocation.ts";
import { oldestWindow, toCriticalTimes } from "../operations/metrics/read-counters.ts";
import { counterFields, pickCountsInLua } from "../stream/counters.ts";
import type { ConsumerShard } from "./consumer-shards.ts";

/*
 * One command a tick tells what has work. A system in which nothing happens spends nothing else: no lease, no read, no
 * look at Postgres, which may sleep.
 */

/** Cron comes every minute; when its last visit is longer ago, Redis was away or lost its data meanwhile. */
export const silentMs = 90_000;
const tickMs = 60_000;

/**
 * ARGV: now, ms between looks at an idle database, when the host of cron began or empty, the field that counts missed
 * ticks, the oldest window of critical times, then the groups. KEYS: last visit, sweep, activity, bulk operations,
 * scheduled jobs, failing work, then for each shard its stream, its counters and, for each group, the state of its drains.
 *
 * A group has work when it is missing, has something pending, has not read the newest entry, or has deferred deliveries.
 * Of one that is behind, the script also looks up its oldest entry: two commands more for each. A tick that looks at what
 * is watched gets the critical times, too: a command for each shard.
 */
const workloadScript = `${pickCountsInLua}
local before = redis.call('GET', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1])
local now, last = tonumber(ARGV[1]), tonumber(before or '')
local silent = last and math.min(now - last, now - (tonumber(ARGV[3]) or last)) or 0
if silent > ${silentMs} then
  redis.pcall('HINCRBY', KEYS[8], ARGV[4], math.max(1, math.floor(silent / ${tickMs} + 0.5) - 1))
end
local sweep = ARGV[2] == '0' or redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2])
local active, failing = redis.call('EXISTS', KEYS[3]), redis.call('HKEYS', KEYS[6])
local reply = {before or '', sweep and 1 or 0, active, redis.call('EXISTS', KEYS[4]),
  redis.call('ZRANGEBYSCORE', KEYS[5], '-inf', ARGV[1], 'LIMIT', 0, 100), failing}
local looks = sweep or active == 1
for _, work in ipairs(failing) do looks = looks or work == '${watchMark}' end
local groups = #ARGV - 5
local at = 7
while at <= #KEYS do
  local last, info = '', redis.pcall('XINFO', 'STREAM', KEYS[at])
  if not info.err then
    for i = 1, #info, 2 do if info[i] == 'last-generated-id' then last = info[i + 1] end end
  end
  local works, oldest = {}, {}
  local known = redis.pcall('XINFO', 'GROUPS', KEYS[at])
  if not known.err then
    for _, group in ipairs(known) do
      local fields = {}
      for i = 1, #group, 2 do fields[group[i]] = group[i + 1] end
      works[fields.name] = (fields.pending > 0 or fields['last-delivered-id'] ~= last) and 1 or 0
      oldest[fields.name] = {fields.pending, fields['last-delivered-id']}
    end
  end
  local counts = looks and redis.pcall('HGETALL', KEYS[at + 1])
  local line = {redis.call('XLEN', KEYS[at]), counts and not counts.err and pickCounts(counts, tonumber(ARGV[5])) or ''}
  for g = 1, groups do
    local work = works[ARGV[g + 5]]
    if work == 0 and redis.call('HEXISTS', KEYS[at + 1 + g], 'queued') == 1 then work = 1
    elseif work == 1 then
      local pending, read = unpack(oldest[ARGV[g + 5]])
      local id
      if pending > 0 then id = redis.call('XPENDING', KEYS[at], ARGV[g + 5])[2]
      else
        local next = redis.call('XRANGE', KEYS[at], '(' .. read, '+', 'COUNT', '1')[1]
        id = next and next[1]
      end
      if id then work = tonumber(string.match(id, '^%d+')) end
    end
    line[g + 2] = work or 1
  end
  reply[#reply + 1] = line
  at = at + groups + 2
end
return reply`;

export interface Workload {
  /** Look at Postgres: events were recorded lately, the last look is long ago, or Redis may have forgotten something. */
  readonly sweep: boolean;
  /** Redrives or replays run. */
  readonly bulk: boolean;
  /** Scheduled jobs whose time has come; see `dueJobs`. */
  readonly due: readonly string[];
  /** Work that failed the last time, but for the relay; see `failing-work.ts`. */
  readonly failing: ReadonlySet<string>;
  /** Who has something to do. */
  readonly consumerShards: readonly ConsumerShard[];
  /** Alerts of consumers whose oldest entry is too old. */
  readonly late: readonly Alert[];
  /** Alerts of consumers whose events come late to their effect; null: that was not looked at. */
  readonly slow: readonly Alert[] | null;
  /** Entries of each stream. */
  readonly lengths: readonly number[];
  /**
   * Time since cron came last, or could have: while its host was off, nobody missed it. Ms; null when no visit is known.
   */
  readonly silentForMs: number | null;
}

/** Of a shard: its length, its recent counts or an empty text, then the work of each consumer. */
type Line = readonly [length: number, counts: readonly string[] | "", ...works: readonly number[]];

/**
 * Asks Redis what there is to do, in one command, and notes that cron was here.
 *
 * @throws {TransientError} Redis is not reachable
 */
export async function readWorkload(invocation: StreamInvocation): Promise<Workload> {
  const { redis, keys, consumers, publish, relaySweepMs, now, hostStartedMs } = invocation;
  const all = [...consumers.values()];
  const nowMs = now();
  const shards = Array.from({ length: publish.shards }, (_, shard) => shard);
  const reply = (await redis.eval(
    workloadScript,
    [
      ...[keys.cronTick(), keys.relaySwept(), keys.relayActive(), keys.bulkRunning(), keys.jobsDue()],
      keys.failing(),
      ...shards.flatMap((shard) => [
        keys.stream(shard),
        keys.counters(shard),
        ...all.map((consumer) => keys.state(consumer.group, shard)),
      ]),
    ],
    [
      ...[String(nowMs), String(relaySweepMs), hostStartedMs?.toString() ?? "", counterFields.missedTicks()],
      String(oldestWindow(nowMs, criticalTimeWindowMs)),
      ...all.map((consumer) => consumer.group),
    ],
  )) as [string, number, number, number, readonly string[], readonly string[], ...Line[]];
  const [before, sweep, active, bulk, due, failing, ...lines] = reply;
  const lastMs = Number(before);
  const awayForMs = before === "" || !Number.isFinite(lastMs) ? null : Math.max(0, nowMs - lastMs);
  return {
    sweep: sweep === 1 || active === 1 || awayForMs === null || awayForMs > silentMs,
    bulk: bulk === 1,
    due,
    failing: new Set(failing),
    consumerShards: lines.flatMap(([, , ...works], shard) =>
      all.filter((_, index) => (works[index] ?? 0) > 0).map((consumer) => ({ consumer, shard })),
    ),
    late: lines.flatMap(([, , ...works], shard) =>
      all.flatMap(({ group }, index) => {
        const oldestMs = works[index] ?? 0;
        return (oldestMs > 1 && lagAlert(`${group}:${shard}`, nowMs - oldestMs, invocation.alerts)) || [];
      }),
    ),
    slow: slowAlerts(
      lines.map(([, counts]) => counts),
      nowMs,
      invocation,
    ),
    lengths: lines.map(([length = 0]) => length),
    silentForMs:
      awayForMs === null ? null : Math.min(awayForMs, Math.max(0, nowMs - (hostStartedMs ?? lastMs))),
  };
}

/** Null unless the counts of all shards are known: what is open stays open. */
function slowAlerts(
  counts: readonly Line[1][],
  nowMs: number,
  { alerts }: StreamInvocation,
): readonly Alert[] | null {
  if (counts.some((known) => known === "")) return null;
  return [...toCriticalTimes(counts, nowMs)].flatMap(
    ([subscriber, times]) => criticalTimeAlert(subscriber, times, alerts) ?? [],
  );
}
