import type { Logger } from "../../core/telemetry/log.ts";
import { askAll, type NumberedCommand, type RedisDatabases } from "../../stream/databases.ts";
import type { StreamKeys } from "../../stream/keys.ts";
import type { Command } from "../../stream/redis.ts";
import { errorClass } from "../dead-letters.ts";
import { consumerShardField } from "./lease.ts";
import { forgetStateScript } from "./scripts.ts";

/*
 * The marks by which drains and cron know that deliveries are deferred in Postgres. Whoever defers sets them, and the drain
 * that finds nothing any more takes its own away. A mark stands in two places: with what a drain must know, which is
 * forgotten after a minute, and in a hash that stays, for cron.
 */

interface SignalDeps {
  readonly databases: RedisDatabases;
  readonly keys: StreamKeys;
}

/** Sets the marks of a group on a shard. */
export function markCommands(
  keys: StreamKeys,
  scope: { readonly group: string; readonly shard: number },
  mark: string,
): readonly Command[] {
  return [
    ["HSET", keys.state(scope.group, scope.shard), "queued", mark],
    ["HSET", keys.deferred(), consumerShardField(scope), mark],
  ];
}

/** Who wanted to defer and was not heard of again has not committed after this time, ms. */
const deferringMs = 60_000;

/**
 * Runs what defers deliveries for these groups, and tells their drains: before, so that events of the same keys go behind
 * them, and after. In between no drain that looked too early takes the marks away; that is so for a minute when whoever
 * defers is not heard of again, so what it has committed is seen all the same.
 *
 * @param work commits the rows
 * @throws {TransientError} Redis is not reachable: nothing was done
 */
export async function deferring<T>(
  deps: SignalDeps & { readonly log: Logger },
  groups: readonly string[],
  shards: number,
  work: () => Promise<T>,
): Promise<T> {
  const { databases, keys, log } = deps;
  const token = crypto.randomUUID();
  const everywhere = (...commands: readonly Command[]) =>
    databases.all.flatMap((_, index) =>
      commands.map((command): NumberedCommand => ({ number: index + 1, command })),
    );
  const announce = everywhere(
    ["SADD", keys.deferring(), token],
    ["PEXPIRE", keys.deferring(), String(deferringMs)],
  );
  await tell(databases, [...announce, ...marks(deps, groups, shards)]);
  const done = await work();
  try {
    await tell(databases, [...marks(deps, groups, shards), ...everywhere(["SREM", keys.deferring(), token])]);
  } catch (error) {
    log.warn(
      { error_class: errorClass(error) },
      "Redis could not be told that deliveries are deferred; their drains look for a minute all the same.",
    );
  }
  return done;
}

/**
 * Tells the drains of these groups that deliveries are deferred for them in Postgres.
 *
 * @throws {TransientError} Redis is not reachable: call it again
 */
export async function signalDeferred(
  deps: SignalDeps,
  groups: readonly string[],
  shards: number,
): Promise<void> {
  await tell(deps.databases, marks(deps, groups, shards));
}

function marks({ databases, keys }: SignalDeps, groups: readonly string[], shards: number) {
  const mark = crypto.randomUUID();
  return groups.flatMap((group) =>
    Array.from({ length: shards }, (_, shard) =>
      markCommands(keys, { group, shard }, mark).map(
        (command): NumberedCommand => ({ number: databases.numberOf(shard), command }),
      ),
    ).flat(),
  );
}

async function tell(databases: RedisDatabases, commands: readonly NumberedCommand[]): Promise<void> {
  for (const reply of await askAll(databases, commands)) if (reply instanceof Error) throw reply;
}

/** A drain that began to read what it must know before that was forgotten has read it after this time, ms. */
const forgottenMs = 600_000;

/**
 * Makes the next drain of these groups read pauses and deferred deliveries from Postgres again, and the one that runs end early.
 *
 * @throws {TransientError} Redis is not reachable; the change holds within a minute all the same
 */
export async function forgetShardState(
  { databases, keys }: SignalDeps,
  groups: readonly string[],
  shards: number,
): Promise<void> {
  const mark = crypto.randomUUID();
  const states = new Map<number, string[]>();
  for (const group of groups) {
    for (let shard = 0; shard < shards; shard += 1) {
      const number = databases.numberOf(shard);
      states.set(number, [...(states.get(number) ?? []), keys.state(group, shard)]);
    }
  }
  const replies = await askAll(
    databases,
    [...states].map(([number, all]) => ({
      number,
      command: ["EVAL", forgetStateScript, String(all.length), ...all, mark, String(forgottenMs)],
    })),
  );
  for (const reply of replies) if (reply instanceof Error) throw reply;
}
