import { isMessageId, type MessageId } from "@brain/schemas";
import type { PendingEntry } from "../core/retry.ts";
import { type Command, type RedisHttp, RedisReplyError } from "./redis.ts";
import { pairs, parseReadEntries, type ReadEntry } from "./replies.ts";

/** A consumer group on one stream, with the one consumer name that we use in it. */
export interface Group {
  readonly stream: string;
  readonly group: string;
  /** Fixed, never random: a name that vanishes would take its pending entries along. */
  readonly consumer: string;
}

/** Programs in Python call theirs `group_{subscriber}`: two that share a group take each other's events. */
export const groupOf = (subscriber: string) => `edge_${subscriber}`;

/**
 * Creates the group, and the stream with it when there is none. Idempotent: only "already exists" is ignored.
 *
 * @param startAt `0` everything, `$` only what comes, or a message id to start behind
 */
export async function createGroup(
  redis: RedisHttp,
  { stream, group }: Group,
  startAt: string,
): Promise<void> {
  try {
    await redis.command(["XGROUP", "CREATE", stream, group, startAt, "MKSTREAM"]);
  } catch (error) {
    if (!(error instanceof RedisReplyError && error.prefix === "BUSYGROUP")) throw error;
  }
}

/** Id of the last entry that the group has read; null when there is no such group. */
export async function readUpTo(redis: RedisHttp, { stream, group }: Group): Promise<MessageId | null> {
  const [reply] = await redis.pipeline([["XINFO", "GROUPS", stream]]);
  for (const fields of Array.isArray(reply) ? reply.map(pairs) : []) {
    const id = fields.get("name") === group ? fields.get("last-delivered-id") : null;
    if (isMessageId(id)) return id;
  }
  return null;
}

/** True for the reply that says that the group, or its stream, is gone. */
export function isMissingGroup(reply: unknown): reply is RedisReplyError {
  return reply instanceof RedisReplyError && reply.prefix === "NOGROUP";
}

/**
 * Entries of a group that may be pending at once; Upstash advises about 1,000. New ones are read only into the room that
 * is left, so the list that one XPENDING gives is complete, and no entry runs ahead of an older one that was not listed.
 */
export const maxPending = 1_000;

/** Entries nobody in the group has seen; they become pending for our consumer. */
export function readNewCommand({ stream, group, consumer }: Group, count: number): Command {
  return ["XREADGROUP", "GROUP", group, consumer, "COUNT", String(count), "STREAMS", stream, ">"];
}

/** @returns entries of the reply to `readNewCommand` */
export function parseReadNew(reply: unknown): ReadEntry[] {
  if (reply === null || reply === undefined) return [];
  if (!Array.isArray(reply)) throw new RedisReplyError("ERR unexpected reply shape for XREADGROUP");
  return reply.flatMap((stream: unknown) => (Array.isArray(stream) ? parseReadEntries(stream[1]) : []));
}

/** The oldest pending entries of the group, whoever holds them, with idle time and delivery count. Raises no count. */
export function pendingCommand(
  { stream, group }: Group,
  count: number,
  after: MessageId | null = null,
): Command {
  return ["XPENDING", stream, group, after === null ? "-" : `(${after}`, "+", String(count)];
}

/** How many entries of the group are pending, whoever holds them. */
export function pendingCountCommand({ stream, group }: Group): Command {
  return ["XPENDING", stream, group];
}

/** @returns the number in the reply to `pendingCountCommand` */
export function parsePendingCount(reply: unknown): number {
  if (!Array.isArray(reply)) throw new RedisReplyError("ERR unexpected reply shape for XPENDING");
  return Number(reply[0]);
}

/** Pending entries of a group between two ids, as `pendingCommand` lists them. */
export function pendingRangeCommand(
  stream: string,
  group: string,
  from: string,
  to: string,
  count: number,
): Command {
  return ["XPENDING", stream, group, from, to, String(count)];
}

export function parsePending(reply: unknown): PendingEntry[] {
  if (reply === null || reply === undefined) return [];
  if (!Array.isArray(reply)) throw new RedisReplyError("ERR unexpected reply shape for XPENDING");
  return reply.flatMap((item: unknown) => {
    if (!Array.isArray(item) || !isMessageId(item[0])) return [];
    return [{ id: item[0], idleMs: Number(item[2]), deliveries: Number(item[3]) }];
  });
}

/**
 * Takes pending entries over for another try: raises their delivery count and resets their idle time.
 * Ids whose body is gone are missing from the reply, and Redis 7 drops them from the pending list.
 */
export function claimCommand({ stream, group, consumer }: Group, ids: readonly MessageId[]): Command {
  return ["XCLAIM", stream, group, consumer, "0", ...ids];
}

/**
 * Puts entries back as if this try had not happened: `deliveries` 0 marks an entry that was read but never tried.
 * The idle time starts anew; the count is set, not raised.
 */
export function putBackCommand(
  { stream, group, consumer }: Group,
  deliveries: number,
  ids: readonly MessageId[],
): Command {
  return ["XCLAIM", stream, group, consumer, "0", ...ids, "RETRYCOUNT", String(deliveries), "JUSTID"];
}

export function ackCommand({ stream, group }: Group, ids: readonly MessageId[]): Command {
  return ["XACK", stream, group, ...ids];
}

export function rangeCommand({ stream }: Group, id: MessageId): Command {
  return ["XRANGE", stream, id, id];
}

/** How far a group has come. */
export interface GroupProgress {
  readonly group: string;
  readonly pending: number;
  readonly lastDeliveredId: MessageId;
}

/** All groups of a stream; empty when the stream does not exist. */
export function parseGroups(reply: unknown): GroupProgress[] {
  if (reply instanceof RedisReplyError || !Array.isArray(reply)) return [];
  return reply.map((item: unknown) => {
    const info = pairs(item);
    return {
      group: String(info.get("name")),
      pending: Number(info.get("pending") ?? 0),
      lastDeliveredId: String(info.get("last-delivered-id")) as MessageId,
    };
  });
}
