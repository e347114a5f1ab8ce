import { FencedError } from "../core/errors.ts";
import { pairs } from "../stream/append.ts";
import type { StreamKeys } from "../stream/keys.ts";
import type { Command, RedisHttp } from "../stream/redis.ts";

/*
 * One drainer per (group, shard) at a time. Only order and cost depend on the lease; that effects are applied once
 * depends on the claim rows in Postgres.
 *
 * free ──acquire──▶ held ──release──▶ free          a trigger that finds it held leaves a mark;
 *                    │ ▲                             release sees the mark, keeps the lease, and the holder goes round again
 *                    │ └─mark─┘
 *                    └─(holder dies)──▶ over          the holder key still stands: the next one takes over its entries
 */

/**
 * A takeover forgets the copy's fencing token before it raises the one in Postgres: if the worker then cannot write the
 * copy, nobody believes the old one.
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
if left == 1 then redis.call('HDEL', KEYS[5], 'epoch') end
local waiting = redis.pcall('XPENDING', KEYS[4], ARGV[3])
return {1, left, 0, waiting.err and 0 or waiting[1], redis.call('HGETALL', KEYS[5]), redis.call('HGET', KEYS[6], ARGV[4])}`;

/**
 * Also keeps what is being handled from looking idle. Redis drops an entry from the pending list when it is claimed
 * after it was trimmed, so only what still has a body is claimed.
 */
const renewScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
for i = 5, #ARGV do
  if #redis.call('XRANGE', KEYS[2], ARGV[i], ARGV[i]) > 0 then
    redis.call('XCLAIM', KEYS[2], ARGV[3], ARGV[4], 0, ARGV[i], 'JUSTID')
  end
end
return redis.call('HEXISTS', KEYS[3], 'epoch') == 1 and 1 or 2`;

/**
 * Commands that only the holder of the lease may give: a late worker must not touch what its successor is handling.
 * ARGV: token, then for each command its length and its words. An XCLAIM leaves out what was trimmed meanwhile.
 */
const holderScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local at = 2
while at <= #ARGV do
  local count = tonumber(ARGV[at])
  local words, ids, there = {}, 0, 0
  for i = at + 1, at + count do
    local word = ARGV[i]
    local isId = ARGV[at + 1] == 'XCLAIM' and i > at + 5 and string.find(word, '^%d+%-%d+$')
    if isId then ids = ids + 1 end
    if not isId then words[#words + 1] = word
    elseif #redis.call('XRANGE', ARGV[at + 2], word, word) > 0 then
      words[#words + 1] = word
      there = there + 1
    end
  end
  if ids == 0 or there > 0 then redis.call(unpack(words)) end
  at = at + count + 1
end
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
  /** What the last drains left to know; empty when Redis forgot it. */
  readonly state: ReadonlyMap<string, string>;
  /** The circuit breaker as text; null when there is none. */
  readonly breaker: string | null;
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

/** A lease that this worker holds, as far as it knows. */
export interface HeldLease extends Lease {
  readonly scope: LeaseScope;
  /** Somebody else has taken it: nothing may be begun any more. */
  isLost: boolean;
  /**
   * Runs commands that only its holder may give, as one; what they answer is not told.
   *
   * @throws {FencedError} another worker took over: nothing was run
   */
  run(commands: readonly Command[]): Promise<void>;
}

export function holdLease(scope: LeaseScope, lease: Lease): HeldLease {
  const held: HeldLease = {
    ...lease,
    scope,
    isLost: false,
    async run(commands) {
      if (await asHolder(scope, lease.token, commands)) return;
      held.isLost = true;
      throw new FencedError();
    },
  };
  return held;
}

/** Takes the lease or leaves the mark. */
export async function acquireLease(scope: LeaseScope, token: string): Promise<Lease | Busy> {
  const { keys, group, shard } = scope;
  const reply = await scope.redis.eval(
    acquireScript,
    [
      keys.lease(group, shard),
      keys.mark(group, shard),
      keys.holder(group, shard),
      keys.stream(shard),
      keys.state(group, shard),
      keys.breakers(),
    ],
    [token, String(scope.leaseMs), group, consumerShardField(scope)],
  );
  const [acquired, detail, first, pending, state, breaker] = reply as unknown[];
  if (Number(acquired) !== 1) return { waitMs: Number(first) === 1 ? Math.max(0, Number(detail)) : null };
  return {
    token,
    takeover: Number(detail) === 1,
    pending: Number(pending ?? 0),
    state: pairs(state) as ReadonlyMap<string, string>,
    breaker: typeof breaker === "string" ? breaker : null,
  };
}

/** Field of a group and shard in the hashes that all groups share. */
export function consumerShardField({ group, shard }: Pick<LeaseScope, "group" | "shard">): string {
  return `${group}:${shard}`;
}

/**
 * Goes on holding the lease.
 *
 * @param handling entries that are being handled; their idle time begins anew, their delivery count stays
 * @returns `lost` when the lease is somebody else's by now, `changed` when an operator changed what the drain must know
 * @see https://redis.io/docs/latest/commands/xclaim/ JUSTID
 */
export async function renewLease(
  scope: LeaseScope,
  token: string,
  consumer: string,
  handling: readonly string[],
): Promise<"held" | "changed" | "lost"> {
  const { keys, group, shard } = scope;
  const reply = await scope.redis.eval(
    renewScript,
    [keys.lease(group, shard), keys.stream(shard), keys.state(group, shard)],
    [token, String(scope.leaseMs), group, consumer, ...handling],
  );
  return (["lost", "held", "changed"] as const)[Number(reply)] ?? "lost";
}

/**
 * Runs commands as one, if the lease is still ours; what they answer is not told.
 *
 * @returns false when the lease is somebody else's: nothing was run
 */
export async function asHolder(
  scope: LeaseScope,
  token: string,
  commands: readonly Command[],
): Promise<boolean> {
  if (commands.length === 0) return true;
  const args = commands.flatMap((command) => [String(command.length), ...command]);
  const reply = await scope.redis.eval(
    holderScript,
    [scope.keys.lease(scope.group, scope.shard)],
    [token, ...args],
  );
  return Number(reply) === 1;
}

/**
 * Lets go and notes the drain; `again` when somebody left a mark meanwhile: then the lease is kept.
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
    [token, String(scope.leaseMs), consumerShardField(scope), heartbeat, goRound ? "1" : "0"],
  );
  const code = Number(reply);
  if (code === 2) return "again";
  return code === 1 ? "released" : "lost";
}

/** Lets go after a failure: the holder key stays, so the next one takes over what was being tried. */
export async function abandonLease(scope: LeaseScope, token: string): Promise<void> {
  await scope.redis.eval(abandonScript, [scope.keys.lease(scope.group, scope.shard)], [token]);
}
