import { type MessageId, parseMessageId } from "@brain/schemas";
import { FencedError, TooMuchAtOnceError } from "../../core/errors.ts";
import type { StreamKeys } from "../../stream/keys.ts";
import type { Command, RedisHttp } from "../../stream/redis.ts";
import { pairs } from "../../stream/replies.ts";
import type { PendingReplies } from "../sources/pending.ts";
import {
  abandonScript,
  acquireScript,
  holderScript,
  keepStateScript,
  letGoScript,
  releaseScript,
  renewScript,
  storeFailuresScript,
} from "./scripts.ts";

/*
 * One drainer per (group, shard) at a time. Only order and cost depend on the lease; that effects are applied once
 * depends on the claim rows in Postgres.
 *
 * free ──acquire──▶ held ──release──▶ free          a trigger that finds it held leaves a mark;
 *                    │ ▲                             release sees the mark, keeps the lease, and the holder goes round again
 *                    │ └─mark─┘
 *                    └─(holder dies)──▶ over          the holder key still stands: the next one takes over its entries
 */

export interface Lease {
  readonly token: string;
  /** The previous holder did not let go: it was killed, or lost its connection. */
  readonly takeover: boolean;
  /** Entries pending in the group; 0 when there is no group yet. */
  readonly pending: number;
  /** The last id on the stream before anything was read with it; null when nothing is deferred, or nothing is there. */
  readonly streamEnd: MessageId | null;
  /** Unix ms by the clock of Redis; null when nothing waits for a time. */
  readonly redisMs: number | null;
  /** What the last drains left to know; empty when Redis forgot it. */
  readonly state: ReadonlyMap<string, string>;
  /** The circuit breaker as text; null when there is none. */
  readonly breaker: string | null;
  /** What was read together with it; null when something has to be known or done before. */
  readonly firstRead: FirstRead | null;
}

/** Replies of Redis, as they came. */
export interface FirstRead {
  /** The pending list, as `pendingCommand` gives it. */
  readonly pending: unknown;
  /** New entries, as `readNewCommand` gives them. */
  readonly fresh: unknown;
  /** The failures and bodies of what is pending, in its order; null when the list is too long for one answer. */
  readonly details: PendingReplies | null;
}

/** What may be read with the lease. */
export interface ReadBounds {
  /** New entries at most; 0: nothing is read. */
  readonly count: number;
  /** Entries of the group that may be pending at once. */
  readonly maxPending: number;
}

/** Bodies of pending entries that come with the lease, at most; more are read a page at a time afterwards. */
const maxBodies = 50;

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
  /** Number of the shard's database by the settings; left out: 1. */
  readonly redisNumber?: number;
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
  /**
   * Runs them with failures of entries that failed before: what an operator has asked for meanwhile stays.
   *
   * @param failures message ids and texts in turn, see `failureToText`
   * @throws {FencedError} another worker took over: nothing was run
   */
  storeFailures(failures: readonly string[], commands: readonly Command[]): Promise<void>;
  /**
   * Runs them unless an operator has decided about an entry that failed before.
   *
   * @param failures message ids and texts as they were read, in turn
   * @returns texts by id of those that are others by now: then nothing was run
   * @throws {FencedError} another worker took over: nothing was run
   */
  letGo(failures: readonly string[], commands: readonly Command[]): Promise<ReadonlyMap<string, string>>;
}

export function holdLease(scope: LeaseScope, lease: Lease): HeldLease {
  const assertOurs = (isOurs: boolean) => {
    if (isOurs) return;
    held.isLost = true;
    throw new FencedError();
  };
  const held: HeldLease = {
    ...lease,
    scope,
    isLost: false,
    async run(commands) {
      assertOurs(await asHolder(scope, lease.token, commands));
    },
    async storeFailures(failures, commands) {
      assertOurs(
        Number(await withFailures(storeFailuresScript, scope, lease.token, failures, commands)) === 1,
      );
    },
    async letGo(failures, commands) {
      const reply = await withFailures(letGoScript, scope, lease.token, failures, commands);
      if (Array.isArray(reply)) return pairs(reply.slice(1)) as ReadonlyMap<string, string>;
      assertOurs(Number(reply) === 1);
      return new Map();
    },
  };
  return held;
}

/**
 * Takes the lease and reads, or leaves the mark. Entries that are together more than the service hands on are pending
 * then, and left for the drain to read in parts.
 */
export async function acquireLease(
  scope: LeaseScope,
  token: string,
  consumer: string,
  bounds: ReadBounds,
): Promise<Lease | Busy> {
  const asked = askForLease(scope, token, consumer, bounds);
  const reply = await asked.catch((error: unknown) => {
    // The script has run: the lease is held, and the second call takes over what the first one read.
    if (error instanceof TooMuchAtOnceError && bounds.count > 0)
      return askForLease(scope, token, consumer, { ...bounds, count: 0 });
    throw error;
  });
  return parseLease(token, reply as unknown[]);
}

function askForLease(
  scope: LeaseScope,
  token: string,
  consumer: string,
  { count, maxPending }: ReadBounds,
): Promise<unknown> {
  const { keys, group, shard } = scope;
  return scope.redis.eval(
    acquireScript,
    [
      keys.lease(group, shard),
      keys.mark(group, shard),
      keys.holder(group, shard),
      keys.stream(shard),
      keys.state(group, shard),
      keys.breakers(),
      keys.retryAt(group, shard),
      keys.deferred(),
    ],
    [
      ...[token, String(scope.leaseMs), group, consumerShardField(scope), consumer],
      ...[count, maxPending, maxBodies].map(String),
    ],
  );
}

function parseLease(token: string, reply: readonly unknown[]): Lease | Busy {
  const [acquired, detail, third, pending, state, breaker, list, fresh, failures, bodies] = reply;
  if (Number(acquired) !== 1) return { waitMs: Number(third) === 1 ? Math.max(0, Number(detail)) : null };
  const known = pairs(state) as ReadonlyMap<string, string>;
  const redisMs = known.get("time");
  const details = Array.isArray(bodies) ? { failures, bodies } : null;
  return {
    token,
    takeover: Number(detail) === 1,
    pending: Number(pending ?? 0),
    streamEnd: typeof third === "string" && third !== "" ? parseMessageId(third) : null,
    redisMs: redisMs === undefined ? null : Number(redisMs),
    state: known,
    breaker: typeof breaker === "string" ? breaker : null,
    firstRead: Array.isArray(list) ? { pending: list, fresh, details } : null,
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
 * @param counts what the drain has done, as `DrainCounts` gives it
 * @returns `lost` when the lease is somebody else's by now, `changed` when an operator changed what the drain must know
 * @see https://redis.io/docs/latest/commands/xclaim/ JUSTID
 */
export async function renewLease(
  scope: LeaseScope,
  token: string,
  consumer: string,
  handling: readonly string[],
  counts: readonly string[],
): Promise<"held" | "changed" | "lost"> {
  const { keys, group, shard } = scope;
  const reply = await scope.redis.eval(
    renewScript,
    [keys.lease(group, shard), keys.stream(shard), keys.state(group, shard), keys.counters(shard)],
    [token, String(scope.leaseMs), group, consumer, ...counts, ...handling],
  );
  return (["lost", "held", "changed"] as const)[Number(reply)] ?? "lost";
}

/**
 * Runs commands as one, if the lease is still ours; what they answer is not told. They may touch the stream, the retry
 * times, the state of the group and the marks of what is deferred.
 *
 * @returns false when the lease is somebody else's: nothing was run
 */
async function asHolder(scope: LeaseScope, token: string, commands: readonly Command[]): Promise<boolean> {
  if (commands.length === 0) return true;
  const { keys, group, shard } = scope;
  const touched = [
    ...[keys.stream(shard), keys.retryAt(group, shard), keys.state(group, shard)],
    keys.deferred(),
  ];
  const reply = await scope.redis.eval(
    holderScript,
    [keys.lease(group, shard), ...touched],
    [token, ...counted(commands)],
  );
  return Number(reply) === 1;
}

/**
 * Stores the copy of what a drain must know, if the lease is still ours.
 *
 * @returns the mark of whoever had it forgotten since the lease was taken: nothing was stored; null: nobody had
 */
export async function keepState(
  { redis, keys, group, shard }: LeaseScope,
  { token, state }: Pick<Lease, "token" | "state">,
  commands: readonly Command[],
): Promise<string | null> {
  const reply = await redis.eval(
    keepStateScript,
    [keys.lease(group, shard), keys.state(group, shard), keys.deferred()],
    [token, state.get("forgotten") ?? "", ...counted(commands)],
  );
  return typeof reply === "string" && reply !== "0" && reply !== "1" ? reply : null;
}

/** Runs a script that compares failures, ids and texts in turn, with those that are stored. */
function withFailures(
  script: string,
  { redis, keys, group, shard }: LeaseScope,
  token: string,
  failures: readonly string[],
  commands: readonly Command[],
): Promise<unknown> {
  return redis.eval(
    script,
    [
      ...[keys.lease(group, shard), keys.retryAt(group, shard), keys.stream(shard)],
      ...[keys.state(group, shard), keys.deferred()],
    ],
    [token, String(failures.length / 2), ...failures, ...counted(commands)],
  );
}

/** The words of each command behind their number. */
function counted(commands: readonly Command[]): string[] {
  return commands.flatMap((command) => [String(command.length), ...command]);
}

/** What a drain leaves behind. */
export interface LastWords {
  /** They may touch the stream, the retry times and the circuit breakers. */
  readonly commands: readonly Command[];
  /** What an operator sees of the drain, JSON. */
  readonly heartbeat: string;
  /** What it has done, as `DrainCounts` gives it. */
  readonly counts: readonly string[];
  /** False when there is no time for another round; a mark then stays for the next trigger. */
  readonly goRound: boolean;
}

/** Says the last words and lets go; `again` when somebody left a mark meanwhile: then the lease is kept. */
export async function releaseLease(
  scope: LeaseScope,
  token: string,
  { commands, heartbeat, counts, goRound }: LastWords,
): Promise<"released" | "again" | "lost"> {
  const { keys, group, shard } = scope;
  const noteHeartbeat: Command = ["HSET", keys.heartbeats(), consumerShardField(scope), heartbeat];
  const reply = await scope.redis.eval(
    releaseScript,
    [
      ...[keys.lease(group, shard), keys.mark(group, shard), keys.holder(group, shard), keys.counters(shard)],
      ...[keys.stream(shard), keys.retryAt(group, shard), keys.heartbeats(), keys.breakers()],
    ],
    [token, String(scope.leaseMs), goRound ? "1" : "0", ...counts, ...counted([...commands, noteHeartbeat])],
  );
  const code = Number(reply);
  if (code === 2) return "again";
  return code === 1 ? "released" : "lost";
}

/** Lets go after a failure: the holder key stays, so the next one takes over what was being tried. */
export async function abandonLease(
  { redis, keys, group, shard }: LeaseScope,
  token: string,
  counts: readonly string[],
): Promise<void> {
  await redis.eval(abandonScript, [keys.lease(group, shard), keys.counters(shard)], [token, ...counts]);
}
