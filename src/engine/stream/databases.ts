import { TransientError } from "../core/errors.ts";
import type { Command, RedisHttp } from "./redis.ts";

/*
 * Shards on several Redis databases. All that is of one shard stands on one database: its stream, the note beside it,
 * leases, marks, states, retry times, counters, and the fields of its groups in the hashes of heartbeats and circuit
 * breakers. So each script touches one database, and one that is away stops its own shards alone. What is of no shard
 * stands on the first: visits of cron, marks of recent work, jobs, failing work, limits, nonces, live channels.
 *
 * A shard never moves. Databases are added with further shards, which `reshard` brings in; then a change needs no moment
 * at which two programs could take two streams for the one of a shard.
 */

/** The Redis databases of a system; a database has a number from 1, in the order of the settings. */
export interface RedisDatabases {
  /** By number less 1. The first has shard 0, and all that is of no shard. */
  readonly all: readonly RedisHttp[];
  /**
   * For a shard that is not configured, the first; code that may meet such a shard asks the record, see
   * `shard-databases.ts`.
   */
  numberOf(shard: number): number;
  /** The one of a shard. */
  of(shard: number): RedisHttp;
}

/** @param numbers number of the database by shard */
export function createDatabases(all: readonly RedisHttp[], numbers: readonly number[]): RedisDatabases {
  const [first] = all;
  if (first === undefined) throw new TypeError("createDatabases: there is no database.");
  const numberOf = (shard: number) => numbers[shard] ?? 1;
  return { all, numberOf, of: (shard) => all[numberOf(shard) - 1] ?? first };
}

/**
 * The number of the database by shard, when the settings do not say: each has as many consecutive shards as the others.
 * So a database that is added with as many moves none of those that are there.
 */
export function evenNumbers(shards: number, databases: number): number[] {
  return Array.from({ length: shards }, (_, shard) => Math.floor((shard * databases) / shards) + 1);
}

/** A command for the database with a number. */
export interface NumberedCommand {
  readonly number: number;
  readonly command: Command;
}

/**
 * Sends commands in one pipeline for each database, side by side. Replies in the order of the commands.
 *
 * @throws {TransientError} a database is away; the others have been asked all the same
 */
export async function askAll(
  databases: RedisDatabases,
  commands: readonly NumberedCommand[],
): Promise<unknown[]> {
  const replies = await askEach(databases, commands);
  for (const reply of replies) if (isAway(reply)) throw reply;
  return replies;
}

/**
 * The same, but a database that is away leaves its TransientError in place of each of its replies.
 *
 * @throws {TransientError} the first database is away, or every one that was asked
 */
export async function askThere(
  databases: RedisDatabases,
  commands: readonly NumberedCommand[],
): Promise<unknown[]> {
  const replies = await askEach(databases, commands);
  for (const [index, reply] of replies.entries()) {
    if (isAway(reply) && (commands[index]?.number === 1 || replies.every(isAway))) throw reply;
  }
  return replies;
}

/** The same for who can do without: whichever database is away, nothing is thrown. */
export async function askEach(
  { all }: RedisDatabases,
  commands: readonly NumberedCommand[],
): Promise<unknown[]> {
  const byNumber = Map.groupBy(
    commands.map(({ number, command }, index) => ({ number, command, index })),
    ({ number }) => number,
  );
  const replies: unknown[] = [];
  await Promise.all(
    [...byNumber].map(async ([number, own]) => {
      const answers = await pipelineOrError(
        all[number - 1],
        own.map(({ command }) => command),
      );
      for (const [at, { index }] of own.entries()) {
        replies[index] = answers instanceof TransientError ? answers : answers[at];
      }
    }),
  );
  return replies;
}

async function pipelineOrError(redis: RedisHttp | undefined, commands: readonly Command[]) {
  try {
    if (redis === undefined) throw new TransientError("There is no such Redis database.");
    return await redis.pipeline(commands);
  } catch (error) {
    if (error instanceof TransientError) return error;
    throw error;
  }
}

/** A command for each shard, for the database of the shard. */
export function toShards(
  databases: RedisDatabases,
  shards: number,
  commandOf: (shard: number) => Command,
): NumberedCommand[] {
  return Array.from({ length: shards }, (_, shard) => ({
    number: databases.numberOf(shard),
    command: commandOf(shard),
  }));
}

/** Commands for the first database, which has what is of no shard. */
export function toFirst(commands: readonly Command[]): NumberedCommand[] {
  return commands.map((command) => ({ number: 1, command }));
}

/** True for what `askThere` leaves in place of a reply. */
export function isAway(reply: unknown): reply is TransientError {
  return reply instanceof TransientError;
}
