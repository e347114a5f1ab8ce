import { isMessageId, type MessageId, previousMessageId } from "@brain/schemas";
import { type RedisHttp, RedisReplyError } from "./redis.ts";

/** An entry with the id that the relay gave it; `fields` is flat: name, value, name, value … */
export interface StreamEntry {
  readonly id: MessageId;
  readonly fields: readonly string[];
}

/**
 * Appends in order, all or nothing: the ids grow, so if Redis takes the first it takes all, and if it refuses the
 * first the script ends before anything was written. Before that it looks whether the stream still reaches as far as
 * we know it did, and still has the last entry that we know of (another program may have written first after a loss): a
 * Redis that lost its data would take new ids without a word, and hide the loss for ever.
 *
 * ARGV: ttl of the activity key in ms, ms and sequence of the last id known to be sent, 1 when its entry must be there,
 * then for each entry: id, number of fields, fields …
 */
const appendScript = `
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
local last = nil
if info.err then
  if string.find(info.err, 'no such key') then last = '0-0' end
else
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then last = info[i + 1] end
  end
end
if last then
  local ms, seq = string.match(last, '^(%d+)-(%d+)$')
  ms, seq = tonumber(ms), tonumber(seq)
  local known, knownSeq = tonumber(ARGV[2]), tonumber(ARGV[3])
  if ms < known or (ms == known and seq < knownSeq) then return last end
  local id = ARGV[2] .. '-' .. ARGV[3]
  if ARGV[4] == '1' and known > 0 and #redis.call('XRANGE', KEYS[1], id, id) == 0 then return '0-0' end
end
local at = 5
while at <= #ARGV do
  local count = tonumber(ARGV[at + 1])
  redis.call('XADD', KEYS[1], ARGV[at], unpack(ARGV, at + 2, at + 1 + count))
  at = at + 2 + count
end
if #ARGV > 4 then redis.call('SET', KEYS[2], '1', 'PX', ARGV[1]) end
return 'OK'`;

/** Neon sleeps after five idle minutes; as long as the key lives the database is awake and a sweep costs nothing. */
const activityTtlMs = 300_000;

export type AppendResult =
  | { readonly kind: "appended" }
  /** Redis has an id that is not smaller than the batch's first: sent before, or somebody else wrote. */
  | { readonly kind: "refused" }
  /**
   * The stream lacks what we know was sent: Redis lost data. Nothing was appended. `last` is the last id up to which the
   * stream is whole; `0-0` when nobody can tell.
   */
  | { readonly kind: "lost"; readonly last: MessageId };

/** Where a batch goes. */
export interface AppendTarget {
  readonly stream: string;
  /** Key that notes recent work. */
  readonly activity: string;
  /** The last id known to be in the stream; `0-0` when there is none. */
  readonly knownLast: MessageId;
  /** False when that entry was trimmed after everybody had handled it. */
  readonly knownThere: boolean;
}

/**
 * @param entries none: only looks whether the stream is whole
 * @throws {TransientError} not reachable or no answer: whether the batch was appended is unknown
 */
export async function appendBatch(
  redis: RedisHttp,
  { stream, activity, knownLast, knownThere }: AppendTarget,
  entries: readonly StreamEntry[],
): Promise<AppendResult> {
  const args: string[] = [String(activityTtlMs), ...knownLast.split("-"), knownThere ? "1" : "0"];
  for (const entry of entries) {
    args.push(entry.id, String(entry.fields.length));
    for (const field of entry.fields) args.push(field);
  }
  try {
    const reply = await redis.eval(appendScript, [stream, activity], args);
    return isMessageId(reply) ? { kind: "lost", last: reply } : { kind: "appended" };
  } catch (error) {
    // "The ID specified in XADD is equal or smaller than the target stream top item" — https://redis.io/docs/latest/commands/xadd/
    if (error instanceof RedisReplyError && /equal or smaller/.test(error.message))
      return { kind: "refused" };
    throw error;
  }
}

/** Fields of the entry under exactly this id; null when there is none. */
export async function readEntry(
  redis: RedisHttp,
  stream: string,
  id: MessageId,
): Promise<readonly string[] | null> {
  const reply = await redis.command(["XRANGE", stream, id, id]);
  return parseEntries(reply)[0]?.fields ?? null;
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

/** The clock by which Redis gives ids, Unix ms. */
export async function readClock(redis: RedisHttp): Promise<number> {
  const reply = await redis.command(["TIME"]);
  const [seconds, microseconds] = Array.isArray(reply) ? reply.map(Number) : [];
  if (seconds === undefined || microseconds === undefined || !Number.isFinite(seconds + microseconds)) {
    throw new RedisReplyError("ERR unexpected reply shape for TIME");
  }
  return seconds * 1_000 + Math.floor(microseconds / 1_000);
}

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
function parseEntries(reply: unknown): { readonly id: MessageId; readonly fields: readonly string[] }[] {
  return parseReadEntries(reply).flatMap((entry) =>
    entry.fields === null ? [] : [{ id: entry.id, fields: entry.fields }],
  );
}

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

function unexpectedReply(value: unknown): RedisReplyError {
  return new RedisReplyError(`ERR unexpected reply shape: ${typeof value}`);
}

/** A flat reply `[name, value, …]` as a map. */
export function pairs(reply: unknown): ReadonlyMap<string, unknown> {
  const map = new Map<string, unknown>();
  if (!Array.isArray(reply)) return map;
  for (let at = 0; at + 1 < reply.length; at += 2) map.set(String(reply[at]), reply[at + 1]);
  return map;
}
