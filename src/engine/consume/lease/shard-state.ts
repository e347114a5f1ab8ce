import type { Catalog, MessageId } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { type Clock, clockShift, maxSkewMs } from "../../core/clock.ts";
import type { Database } from "../../db/database.ts";
import { isElsewhere, misplaced } from "../../relay/shard-databases.ts";
import { markCommands } from "./deferred-signal.ts";
import { consumerShardField, keepState, type Lease, type LeaseScope } from "./lease.ts";

/*
 * What a drain must know before it begins: its fencing token, pauses, whether deliveries are deferred for it. Postgres
 * has it; Redis keeps a copy for a minute, so that a drain with nothing special to know does not ask Postgres. A worker
 * that takes over raises the token: whatever its predecessor still has open cannot commit any more.
 */

/** A pause that concerns one consumer. */
export interface Pause {
  /** Null: the whole consumer. */
  readonly eventType: string | null;
  /** Unix time by the clock that drains go by, ms; null: until somebody resumes it. */
  readonly untilMs: number | null;
}

export interface ShardState {
  readonly fencingToken: number;
  readonly pauses: readonly Pause[];
  /** Not null: deliveries may be deferred. Changes whenever somebody defers more. */
  readonly deferredMark: string | null;
  /** A backfill is under way: nothing new is read from the stream until it is done. */
  readonly backfilling: boolean;
  /** The id behind which the group began; null when it has not begun yet. */
  readonly startId: string | null;
  /** Tenant (empty: none) → the id up to which its events were deferred ahead of their place; see `look-ahead.ts`. */
  readonly ahead: AheadIds;
}

export type AheadIds = ReadonlyMap<string, MessageId>;

export function aheadToText(ahead: AheadIds): string {
  return JSON.stringify(Object.fromEntries(ahead));
}

export function aheadFromText(text: string): AheadIds {
  return new Map(Object.entries(JSON.parse(text) as Record<string, MessageId>));
}

/** The copy in Redis is believed this long, ms: a change that did not reach Redis holds after that time at the latest. */
const believedMs = 60_000;

/**
 * Reads the state from the copy, or from Postgres when there is none or somebody has to be fenced off.
 *
 * @throws {MisplacedShardError} the events of the shard are on another Redis database; nothing was changed
 */
export async function loadShardState(
  db: Database,
  scope: LeaseScope,
  subscriber: string,
  lease: Lease,
  clock: DrainClock,
): Promise<ShardState> {
  const known = lease.takeover ? null : parseState(lease.state);
  return known ?? rebuild(db, scope, subscriber, lease, clock);
}

/** The one of the copy first: it is the younger one where a release before has set it. */
function markOf(fields: ReadonlyMap<string, string>): string | null {
  return fields.get("queued") ?? fields.get("deferred")?.split("@", 1)[0] ?? null;
}

function parseState(fields: ReadonlyMap<string, string>): ShardState | null {
  const fencingToken = Number(fields.get("epoch"));
  if (!Number.isSafeInteger(fencingToken) || fencingToken < 1) return null;
  try {
    return {
      fencingToken,
      pauses: JSON.parse(fields.get("pauses") ?? "[]") as readonly Pause[],
      deferredMark: markOf(fields),
      backfilling: fields.get("backfilling") === "1",
      startId: fields.get("start") ?? null,
      ahead: aheadFromText(fields.get("ahead") ?? "{}"),
    };
  } catch {
    return null;
  }
}

/** The clock that a drain goes by. */
export interface DrainClock {
  /** The worker's own. */
  readonly now: Clock;
  /** What is added to it, because that of Redis holds, ms. */
  readonly shiftMs: number;
}

/** By how much the drain's clock is ahead of that of Postgres, by which pauses end, ms; 0 as long as both go alike. */
function aheadOfDatabase({ now, shiftMs }: DrainClock, askedMs: number, databaseMs: number): number {
  const aheadMs = shiftMs - clockShift(now, askedMs, databaseMs);
  return Math.abs(aheadMs) > maxSkewMs ? aheadMs : 0;
}

interface FenceRow {
  readonly epoch: number;
  readonly start_id: string | null;
  readonly ahead: string;
  /** What Postgres says what time it is, Unix ms. */
  readonly now_ms: number;
}

/** What is changed while it reads is read again: the copy would be believed for a minute. */
async function rebuild(
  db: Database,
  scope: LeaseScope,
  subscriber: string,
  lease: Lease,
  clock: DrainClock,
): Promise<ShardState> {
  const { shard, redisNumber = 1 } = scope;
  const askedMs = clock.now();
  const [fences, pauses, queued, backfills] = await db.batch([
    sql`INSERT INTO consumer_shards AS s (subscriber_name, shard)
      SELECT ${subscriber}::text, ${shard}::integer WHERE NOT ${isElsewhere(shard, redisNumber)}
      ON CONFLICT (subscriber_name, shard) DO UPDATE SET epoch = s.epoch + 1
      RETURNING epoch::float8, start_id, ahead::text, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now_ms`,
    sql`SELECT event_type, floor(extract(epoch FROM expires_at) * 1000)::float8 AS until_ms
      FROM consumer_pauses WHERE subscriber_name = ${subscriber}`,
    sql`SELECT FROM deliveries WHERE subscriber_name = ${subscriber} LIMIT 1`,
    sql`SELECT FROM jobs WHERE kind = 'backfill' AND subscriber_name = ${subscriber}
      AND status IN ('running', 'paused', 'stopped') LIMIT 1`,
  ]);
  const [fence] = (fences ?? []) as FenceRow[];
  if (fence === undefined) throw misplaced(shard, redisNumber);
  const aheadMs = aheadOfDatabase(clock, askedMs, fence.now_ms);
  const state: ShardState = {
    fencingToken: fence.epoch,
    pauses: ((pauses ?? []) as { event_type: string; until_ms: number | null }[]).map((row) => ({
      eventType: row.event_type === "" ? null : row.event_type,
      untilMs: row.until_ms === null ? null : row.until_ms + aheadMs,
    })),
    deferredMark: markOf(lease.state) ?? ((queued ?? []).length > 0 ? "found" : null),
    backfilling: (backfills ?? []).length > 0,
    startId: fence.start_id,
    ahead: aheadFromText(fence.ahead),
  };
  const key = scope.keys.state(scope.group, shard);
  const fields = [
    ...["epoch", String(state.fencingToken)],
    ...["pauses", JSON.stringify(state.pauses)],
    ...["backfilling", state.backfilling ? "1" : "0"],
    ...(state.startId === null ? [] : ["start", state.startId]),
    ...(state.ahead.size === 0 ? [] : ["ahead", aheadToText(state.ahead)]),
  ];
  const forgotten = await keepState(scope, lease, [
    ["HSET", key, ...fields],
    ...(state.deferredMark === null ? [] : markCommands(scope.keys, scope, state.deferredMark)),
    ["PEXPIRE", key, String(believedMs)],
  ]);
  if (forgotten === null) return state;
  const since = { ...lease, state: new Map([...lease.state, ["forgotten", forgotten]]) };
  return rebuild(db, scope, subscriber, since, clock);
}

/** Pauses that hold now. */
export function activePauses({ pauses }: ShardState, nowMs: number): readonly Pause[] {
  return pauses.filter(({ untilMs }) => untilMs === null || untilMs > nowMs);
}

/** Types that are paused now, by the names of this release: who paused one may have known an older name. */
export function pausedTypesOf(
  { canonicalType }: Pick<Catalog, "canonicalType">,
  state: ShardState,
  nowMs: number,
): ReadonlySet<string> {
  const types = activePauses(state, nowMs).flatMap(({ eventType }) => eventType ?? []);
  return new Set(types.map(canonicalType));
}

/** KEYS: state, marks, those who are about to defer. ARGV: mark, field of this group and shard. */
const clearDeferredMarkScript = `
if redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
if redis.call('HGET', KEYS[1], 'queued') == ARGV[1] then redis.call('HDEL', KEYS[1], 'queued') end
local kept = redis.call('HGET', KEYS[2], ARGV[2])
if kept and string.match(kept, '^[^@]*') == ARGV[1] then redis.call('HDEL', KEYS[2], ARGV[2]) end
return 1`;

/** Notes that nothing is deferred any more, unless somebody deferred more meanwhile, or is about to. */
export async function clearDeferredMark(scope: LeaseScope, mark: string): Promise<void> {
  const { redis, keys, group, shard } = scope;
  await redis.eval(
    clearDeferredMarkScript,
    [keys.state(group, shard), keys.deferred(), keys.deferring()],
    [mark, consumerShardField(scope)],
  );
}

/** KEYS: marks, those who are about to defer. ARGV: mark, field of this group and shard, Unix ms or empty. */
const noteDueScript = `
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
local kept = redis.call('HGET', KEYS[1], ARGV[2])
if kept and string.match(kept, '^[^@]*') == ARGV[1] then
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[1] .. '@' .. ARGV[3])
end
return 1`;

/**
 * Notes that all that is deferred waits, so that cron looks no earlier and Postgres may sleep; nothing when somebody deferred
 * more meanwhile, or is about to.
 *
 * @param dueMs Unix time, ms; null: it waits for what no time brings, such as an operator
 */
export async function noteDeferredDue(scope: LeaseScope, mark: string, dueMs: number | null): Promise<void> {
  const { redis, keys } = scope;
  const due = dueMs === null ? "" : String(Math.ceil(dueMs));
  await redis.eval(
    noteDueScript,
    [keys.deferred(), keys.deferring()],
    [mark, consumerShardField(scope), due],
  );
}
