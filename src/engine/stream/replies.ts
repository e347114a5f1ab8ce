import { isMessageId, type MessageId, previousMessageId } from "@brain/schemas";
import { type RedisHttp, RedisReplyError } from "./redis.ts";

/* What Redis answers about streams, as it is read: entries, edges, flat lists of names and values. */

/** Entry as a reader gets it; `fields` null when the body was trimmed while the entry was pending. */
export interface ReadEntry {
  readonly id: MessageId;
  readonly fields: readonly string[] | null;
}

/**
 * Entries of an XRANGE, XCLAIM or XREADGROUP reply, `[[id, [k, v, …]], …]`; fields may also come as an object.
 *
 * @throws {RedisReplyError} the reply has another shape: nothing is guessed, so nothing is lost
 */
export function parseReadEntries(reply: unknown): ReadEntry[] {
  if (reply === null || reply === undefined) return [];
  if (!Array.isArray(reply)) throw unexpectedReply(reply);
  return reply.flatMap((item: unknown): ReadEntry[] => {
    // XCLAIM of Redis before 7 leaves a null for an entry that was deleted.
    if (item === null) return [];
    if (!Array.isArray(item) || !isMessageId(item[0])) throw unexpectedReply(item);
    return [{ id: item[0], fields: parseFields(item[1]) }];
  });
}

function parseFields(value: unknown): readonly string[] | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.length === 0 ? null : value.map(String);
  if (typeof value === "object") return Object.entries(value).flatMap(([name, text]) => [name, String(text)]);
  throw unexpectedReply(value);
}

export function unexpectedReply(value: unknown): RedisReplyError {
  return new RedisReplyError(`ERR unexpected reply shape: ${typeof value}`);
}

/** A flat reply `[name, value, …]` as a map. */
export function pairs(reply: unknown): ReadonlyMap<string, unknown> {
  const map = new Map<string, unknown>();
  if (!Array.isArray(reply)) return map;
  for (let at = 0; at + 1 < reply.length; at += 2) map.set(String(reply[at]), reply[at + 1]);
  return map;
}

/** Where a stream begins and ends. */
export interface StreamEdges {
  /** Null when it holds no entry. */
  readonly first: MessageId | null;
  /** Nothing is left at or below this id. */
  readonly goneUpTo: MessageId;
  /** Highest id it ever held, trimmed entries included. */
  readonly last: MessageId;
  /** Entries were removed; null when nobody can tell, because the server does not count them (Redis before 7). */
  readonly wasTrimmed: boolean | null;
}

/** Highest id the stream ever held, trimmed entries included; null when the stream does not exist. */
export async function lastGeneratedId(redis: RedisHttp, stream: string): Promise<MessageId | null> {
  return (await readEdges(redis, stream))?.last ?? null;
}

/** Null when the stream does not exist. */
export async function readEdges(redis: RedisHttp, stream: string): Promise<StreamEdges | null> {
  try {
    const info = pairs(await redis.command(["XINFO", "STREAM", stream]));
    const last = info.get("last-generated-id");
    if (!isMessageId(last)) return null;
    const first = info.get("first-entry");
    const entry: unknown = Array.isArray(first) ? first[0] : null;
    const firstId = isMessageId(entry) ? entry : null;
    const added = info.get("entries-added");
    return {
      first: firstId,
      goneUpTo: firstId === null ? last : previousMessageId(firstId),
      last,
      wasTrimmed: added === undefined ? null : Number(added) > Number(info.get("length")),
    };
  } catch (error) {
    if (error instanceof RedisReplyError && /no such key/i.test(error.message)) return null;
    throw error;
  }
}
