import type { Alert } from "../alerts/alerts.ts";
import { criticalTimeAlert, criticalTimeWindowMs, type OldestEntry } from "../alerts/engine-watches.ts";
import { maxSkewMs, systemClock } from "../core/clock.ts";
import { TransientError } from "../core/errors.ts";
import { watchMark } from "../db/alert-watch.ts";
import type { StreamInvocation } from "../invocation.ts";
import { oldestWindow, toCriticalTimes } from "../operations/metrics/read-counters.ts";
import { counterFields, pickCountsInLua } from "../stream/counters.ts";
import type { ConsumerShard } from "./consumer-shards.ts";

/*
 * One command a tick tells what has work, one for each Redis database. A system in which nothing happens spends nothing else: no lease, no read, no
 * look at Postgres, which may sleep.
 */

/** Cron comes every minute; when its last visit is longer ago, Redis was away or lost its data meanwhile. */
export const silentMs = 90_000;
const tickMs = 60_000;

/**
 * Lua function `addLines(reply, at, skipped, looks, oldestWindow, now)`: for each shard its `Line`. In front of KEYS[at], from which
 * on the keys of the shards stand, is that of the marks of what is deferred. The last of the first `skipped` arguments has
 * the numbers of the shards; behind it stand the groups.
 *
 * A group has work when it is missing, has something pending, has not read the newest entry, or has deferred deliveries that are due.
 * Of one that is behind, the script also looks up its oldest entry: two commands more for each. A tick that looks at what
 * is watched gets the critical times, too: a command for each shard.
 */
const linesInLua = `${pickCountsInLua}
local function isDue(mark, now)
  local due = mark and string.match(mark, '@(%d*)$')
  return mark and (not due or (tonumber(due) or math.huge) <= now)
end
local function addLines(reply, at, skipped, looks, oldestWindow, now)
  local groups, marks, all = #ARGV - skipped, {}, redis.call('HGETALL', KEYS[at - 1])
  for i = 1, #all, 2 do marks[all[i]] = all[i + 1] end
  for shard in string.gmatch(ARGV[skipped], '%d+') do
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
    -- Something else under its key stops this shard alone: its relay and its drains say so.
    local length = redis.pcall('XLEN', KEYS[at])
    local line = {type(length) == 'number' and length or 0, counts and not counts.err and pickCounts(counts, oldestWindow) or ''}
    for g = 1, groups do
      local work = works[ARGV[g + skipped]]
      if work == 0 and isDue(marks[ARGV[g + skipped] .. ':' .. shard], now) then work = 1
      elseif work == 1 then
        local pending, read = unpack(oldest[ARGV[g + skipped]])
        local id
        if pending > 0 then id = redis.call('XPENDING', KEYS[at], ARGV[g + skipped])[2]
        else
          local next = redis.call('XRANGE', KEYS[at], '(' .. read, '+', 'COUNT', '1')[1]
          id = next and next[1]
        end
        if id then work = tonumber(string.match(id, '^%d+')) end
      end
      line[g + 2] = work or 1
    end
    reply[#reply + 1] = line
    at = at + 2
  end
end`;

/**
 * KEYS
 * - 1 to 7: last visit, sweep, activity, bulk operations, scheduled jobs, failing work, marks of what is deferred
 * - from 8: for each shard its stream and its counters
 *
 * ARGV
 * - 1: now, Unix ms
 * - 2: ms between looks at an idle database
 * - 3: when the host of cron began, Unix ms; empty: not known
 * - 4: the field that counts missed ticks
 * - 5: the oldest window of critical times
 * - 6: by how many ms the clock of Redis may differ before it holds; empty: it never does
 * - 7: the number of shards
 * - from 8: the groups
 */
const workloadScript = `${linesInLua}
local before = redis.call('GET', KEYS[1])
local now, last = tonumber(ARGV[1]), tonumber(before or '')
local time = ARGV[6] ~= '' and redis.pcall('TIME')
if time and not time.err then
  local here = time[1] * 1000 + math.floor(time[2] / 1000)
  if math.abs(here - now) > tonumber(ARGV[6]) then now = here end
end
local at = string.format('%.0f', now)
redis.call('SET', KEYS[1], at)
local silent = last and math.min(now - last, now - (tonumber(ARGV[3]) or last)) or 0
if silent > ${silentMs} then
  redis.pcall('HINCRBY', KEYS[9], ARGV[4], math.max(1, math.floor(silent / ${tickMs} + 0.5) - 1))
end
local sweep = ARGV[2] == '0' or redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2])
local active, known = redis.call('EXISTS', KEYS[3]), redis.call('HGETALL', KEYS[6])
local failing, mark = {}, ''
for i = 1, #known, 2 do
  failing[#failing + 1] = known[i]
  if known[i] == '${watchMark}' then mark = known[i + 1] end
end
local reply = {before or '', sweep and 1 or 0, active, redis.call('EXISTS', KEYS[4]),
  redis.call('ZRANGEBYSCORE', KEYS[5], '-inf', at, 'LIMIT', 0, 100), failing, at, mark}
local looks = sweep or active == 1 or mark ~= ''
addLines(reply, 8, 7, looks, tonumber(ARGV[5]), now)
return reply`;

/**
 * The same for the shards of a further database.
 *
 * KEYS: activity, marks of what is deferred, then for each shard its stream and its counters.
 * ARGV: 1 when the counts are wanted, the oldest window of critical times, now, the number of shards, then the groups.
 */
const furtherScript = `${linesInLua}
local reply = {redis.call('EXISTS', KEYS[1])}
addLines(reply, 3, 4, ARGV[1] == '1', tonumber(ARGV[2]), tonumber(ARGV[3]))
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
  /** Why what is watched is worth a look, see `watchMark`; null: nobody said so. */
  readonly watchMark: string | null;
  /** Who has something to do. */
  readonly consumerShards: readonly ConsumerShard[];
  /** What is the oldest of each consumer that is behind. */
  readonly oldest: readonly OldestEntry[];
  /** Alerts of consumers whose events come late to their effect; null: that was not looked at. */
  readonly slow: readonly Alert[] | null;
  /** Entries of each stream; null for those of `away`. */
  readonly lengths: readonly (number | null)[];
  /** Shards whose database does not answer, though the first one does: nobody can tell what they have to do. */
  readonly away: ReadonlySet<number>;
  /**
   * Time since cron came last, or could have: while its host was off, nobody missed it. Ms; null when no visit is known.
   */
  readonly silentForMs: number | null;
  /** What to add to the clock of this worker, because it is wrong; 0: it is not. */
  readonly shiftMs: number;
}

/** Of a shard: its length, its recent counts or an empty text, then the work of each consumer. */
type Line = readonly [length: number, counts: readonly string[] | "", ...works: readonly number[]];

/**
 * Asks Redis what there is to do, in one command for each database, and notes that cron was here. The further ones are
 * asked side by side, behind the first, which says how much they have to tell.
 *
 * @throws {TransientError} the first Redis database is not reachable
 */
export async function readWorkload(invocation: StreamInvocation): Promise<Workload> {
  const { redis, keys, consumers, relaySweepMs, now, hostStartedMs } = invocation;
  const all = [...consumers.values()];
  const askedMs = now();
  const oldest = String(oldestWindow(askedMs, criticalTimeWindowMs));
  const reply = (await redis.eval(
    workloadScript,
    [
      ...[keys.cronTick(), keys.relaySwept(), keys.relayActive(), keys.bulkRunning(), keys.jobsDue()],
      ...[keys.failing(), keys.deferred()],
      ...keysOfShards(invocation, 1),
    ],
    [
      ...[
        String(askedMs),
        String(relaySweepMs),
        hostStartedMs?.toString() ?? "",
        counterFields.missedTicks(),
      ],
      ...[oldest, now === systemClock ? String(maxSkewMs) : "", shardsOn(invocation, 1).join()],
      ...all.map((consumer) => consumer.group),
    ],
  )) as [string, number, number, number, readonly string[], readonly string[], string, string, ...Line[]];
  const [before, sweep, activeHere, bulk, due, failing, at, mark, ...own] = reply;
  const nowMs = Number(at);
  const looks = sweep === 1 || activeHere === 1 || mark !== "";
  const further = await askFurther(invocation, [looks ? "1" : "0", oldest, String(nowMs)]);
  const active = Math.max(activeHere, ...further.map((one) => one?.active ?? 0));
  const lines = inOrder(invocation, [own, ...further.map((one) => one?.lines ?? null)]);
  const lastMs = Number(before);
  const awayForMs = before === "" || !Number.isFinite(lastMs) ? null : Math.max(0, nowMs - lastMs);
  return {
    sweep: sweep === 1 || active === 1 || awayForMs === null || awayForMs > silentMs,
    bulk: bulk === 1,
    due,
    failing: new Set(failing),
    watchMark: mark === "" ? null : mark,
    consumerShards: lines.flatMap(([, , ...works] = unknown, shard) =>
      all.filter((_, index) => (works[index] ?? 0) > 0).map((consumer) => ({ consumer, shard })),
    ),
    oldest: lines.flatMap(([, , ...works] = unknown, shard) =>
      all.flatMap(({ group }, index) => {
        const ms = works[index] ?? 0;
        return ms > 1 ? [{ group, shard, ms, ageMs: nowMs - ms }] : [];
      }),
    ),
    slow: slowAlerts(
      lines.map((line) => line?.[1] ?? ""),
      nowMs,
      invocation,
    ),
    lengths: lines.map((line) => line?.[0] ?? null),
    away: new Set([...lines.keys()].filter((shard) => lines[shard] === undefined)),
    silentForMs:
      awayForMs === null ? null : Math.min(awayForMs, Math.max(0, nowMs - (hostStartedMs ?? lastMs))),
    shiftMs: nowMs - askedMs,
  };
}

/** Of a shard whose database is away. */
const unknown: Line = [0, ""];

/** The shards of a database. */
function shardsOn({ databases, publish }: StreamInvocation, number: number): number[] {
  const shards = Array.from({ length: publish.shards }, (_, shard) => shard);
  return shards.filter((shard) => databases.numberOf(shard) === number);
}

/** For each shard of a database its stream and its counters. */
function keysOfShards(invocation: StreamInvocation, number: number): string[] {
  const { keys } = invocation;
  return shardsOn(invocation, number).flatMap((shard) => [keys.stream(shard), keys.counters(shard)]);
}

interface Further {
  readonly active: number;
  readonly lines: readonly Line[];
}

/** What the databases beside the first say, in their order; null for one that does not answer, which is logged. */
function askFurther(
  invocation: StreamInvocation,
  asked: readonly [looks: string, oldest: string, now: string],
): Promise<readonly (Further | null)[]> {
  const { databases, keys, consumers, log } = invocation;
  const groups = [...consumers.values()].map(({ group }) => group);
  return Promise.all(
    databases.all.slice(1).map(async (redis, index): Promise<Further | null> => {
      const number = index + 2;
      const touched = [keys.relayActive(), keys.deferred(), ...keysOfShards(invocation, number)];
      try {
        const reply = await redis.eval(furtherScript, touched, [
          ...[...asked, shardsOn(invocation, number).join()],
          ...groups,
        ]);
        const [active, ...lines] = reply as [number, ...Line[]];
        return { active, lines };
      } catch (error) {
        if (!(error instanceof TransientError)) throw error;
        log.error(
          { redis_database: number, error_class: error.name },
          `The look at what has work on Redis database ${number} failed: ${error.message} Its shards wait for the next tick.`,
        );
        return null;
      }
    }),
  );
}

/** The lines of all databases in the order of the shards; undefined where nobody can tell. */
function inOrder(
  invocation: StreamInvocation,
  lists: readonly (readonly Line[] | null)[],
): (Line | undefined)[] {
  const { databases, publish } = invocation;
  const shards = Array.from({ length: publish.shards }, (_, shard) => shard);
  return shards.map((shard) => {
    const number = databases.numberOf(shard);
    return lists[number - 1]?.[shardsOn(invocation, number).indexOf(shard)];
  });
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
