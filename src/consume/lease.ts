import type { StreamKeys } from "../stream/keys.ts";
import type { RedisHttp } from "../stream/redis.ts";

/*
 * One drainer per (group, shard) at a time. Only order and cost depend on the lease; that effects are applied once
 * depends on the claim rows in Postgres.
 *
 * free ──acquire──▶ held ──release──▶ free          a trigger that finds it held leaves a mark;
 *                    │ ▲                             release sees the mark, keeps the lease, and the holder goes round again
 *                    │ └─mark─┘
 *                    └─(holder dies)──▶ over          the holder key still stands: the next one takes over its entries
 */

const acquireScript = `
local current = redis.call('GET', KEYS[1])
if current and current ~= ARGV[1] then
  local first = redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2] * 2)
  return {0, redis.call('PTTL', KEYS[1]), first and 1 or 0}
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('DEL', KEYS[2])
local left = redis.call('EXISTS', KEYS[3])
redis.call('SET', KEYS[3], ARGV[1])
local waiting = redis.pcall('XPENDING', KEYS[4], ARGV[3])
return {1, left, 0, waiting.err and 0 or waiting[1]}`;

const renewScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`;

const releaseScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[4], ARGV[3], ARGV[4])
if redis.call('EXISTS', KEYS[2]) == 1 and ARGV[5] == '1' then
  redis.call('DEL', KEYS[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 2
end
redis.call('DEL', KEYS[1], KEYS[3])
return 1`;

const abandonScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`;

export interface Lease {
  readonly token: string;
  /** The previous holder did not let go: it was killed, or lost its connection. */
  readonly takeover: boolean;
  /** Entries pending in the group; 0 when there is no group yet. */
  readonly pending: number;
}

/** `waitMs` until the holder's lease ends, for whoever left the mark first; null for the others. */
export interface Busy {
  readonly waitMs: number | null;
}

export interface LeaseScope {
  readonly redis: RedisHttp;
  readonly keys: StreamKeys;
  readonly group: string;
  readonly shard: number;
  /** A holder that vanished is succeeded after this time, ms. */
  readonly leaseMs: number;
}

/** Takes the lease or leaves the mark. */
export async function acquireLease(scope: LeaseScope, token: string): Promise<Lease | Busy> {
  const { keys, group, shard } = scope;
  const reply = await scope.redis.eval(
    acquireScript,
    [keys.lease(group, shard), keys.mark(group, shard), keys.holder(group, shard), keys.stream(shard)],
    [token, String(scope.leaseMs), group],
  );
  const [acquired, detail, first, pending = 0] = (reply as unknown[]).map(Number);
  if (acquired === 1) return { token, takeover: detail === 1, pending };
  return { waitMs: first === 1 ? Math.max(0, detail ?? 0) : null };
}

/** False when the lease is somebody else's by now. */
export async function renewLease(scope: LeaseScope, token: string): Promise<boolean> {
  const reply = await scope.redis.eval(
    renewScript,
    [scope.keys.lease(scope.group, scope.shard)],
    [token, String(scope.leaseMs)],
  );
  return Number(reply) === 1;
}

/**
 * Lets go and notes the tick; `again` when somebody left a mark meanwhile: then the lease is kept.
 *
 * @param goRound false when there is no time for another round; the mark then stays for the next trigger
 */
export async function releaseLease(
  scope: LeaseScope,
  token: string,
  heartbeat: string,
  goRound: boolean,
): Promise<"released" | "again" | "lost"> {
  const { keys, group, shard } = scope;
  const reply = await scope.redis.eval(
    releaseScript,
    [keys.lease(group, shard), keys.mark(group, shard), keys.holder(group, shard), keys.heartbeats()],
    [token, String(scope.leaseMs), `${group}:${shard}`, heartbeat, goRound ? "1" : "0"],
  );
  const code = Number(reply);
  if (code === 2) return "again";
  return code === 1 ? "released" : "lost";
}

/** Lets go after a failure: the holder key stays, so the next one takes over what was being tried. */
export async function abandonLease(scope: LeaseScope, token: string): Promise<void> {
  await scope.redis.eval(abandonScript, [scope.keys.lease(scope.group, scope.shard)], [token]);
}
