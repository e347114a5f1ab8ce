import { compareMessageIds, isMessageId, type MessageId, maxMessageId, nextMessageId } from "@brain/schemas";
import { idsInLua } from "./ids-in-lua.ts";
import { type RedisHttp, RedisReplyError } from "./redis.ts";
import { pairs } from "./replies.ts";

/*
 * Trimming by what the groups have handled, not by length: XTRIM MAXLEN drops the oldest entries whether anybody has
 * read them or not, and XADD with MAXLEN does so at the worst moment, when a reader is slow.
 */

/** Name, last delivered id and oldest pending id of each group; `-` for the last when nothing is pending. */
const positionsInLua = `
local function positions(stream)
  local found = {}
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local group = {pending = '-'}
    for i = 1, #info, 2 do
      if info[i] == 'name' then group.name = info[i + 1] end
      if info[i] == 'last-delivered-id' then group.last = info[i + 1] end
    end
    local waiting = redis.call('XPENDING', stream, group.name)
    if waiting[1] > 0 then group.pending = waiting[2] end
    found[#found + 1] = group
  end
  return found
end`;

const positionsScript = `${positionsInLua}
if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
local answer = {redis.call('XLEN', KEYS[1])}
for _, group in ipairs(positions(KEYS[1])) do
  answer[#answer + 1] = group.name
  answer[#answer + 1] = group.last
  answer[#answer + 1] = group.pending
end
return answer`;

/** How far a group has come. */
export interface GroupPosition {
  readonly group: string;
  readonly lastDelivered: MessageId;
  /** Null when nothing is pending. */
  readonly oldestPending: MessageId | null;
}

/** All groups of a stream, ours and others', and its length. */
export interface StreamPositions {
  readonly length: number;
  readonly groups: readonly GroupPosition[];
}

/** Where the groups stand; null when there is no stream. */
export async function readPositions(redis: RedisHttp, stream: string): Promise<StreamPositions | null> {
  const reply = await redis.eval(positionsScript, [stream], []);
  if (!Array.isArray(reply)) throw new RedisReplyError("ERR unexpected reply shape for the positions");
  if (reply.length === 0) return null;
  const [length, ...flat] = reply.map(String);
  const groups: GroupPosition[] = [];
  for (let at = 0; at + 2 < flat.length; at += 3) {
    const pending = flat[at + 2];
    groups.push({
      group: flat[at] ?? "",
      lastDelivered: flat[at + 1] as MessageId,
      oldestPending: isMessageId(pending) ? pending : null,
    });
  }
  return { length: Number(length), groups };
}

/** The first id that the group still needs. Behind the largest id there is no next: that one entry stays. */
export function neededFrom({ lastDelivered, oldestPending }: GroupPosition): MessageId {
  const next = lastDelivered === maxMessageId ? lastDelivered : nextMessageId(lastDelivered);
  return oldestPending !== null && compareMessageIds(oldestPending, next) < 0 ? oldestPending : next;
}

/**
 * Ids of entries with the event id each carries; the bodies stay where they are. Of a text that is longer than an id of
 * ours comes the beginning, one character longer than that.
 */
const pageScript = `
local answer = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[2], 'COUNT', ARGV[3])) do
  local event = ''
  for i = 1, #entry[2], 2 do
    if entry[2][i] == 'id' then event = string.sub(entry[2][i + 1], 1, 37) end
  end
  answer[#answer + 1] = entry[1]
  answer[#answer + 1] = event
end
return answer`;

/** An entry without its body. */
export interface EntryHead {
  readonly id: MessageId;
  /** As the entry says it, 37 characters at most; empty when it has no such field. */
  readonly eventId: string;
}

/**
 * A page of a stream, oldest first; empty when there is none.
 *
 * @param from first id, or `-`
 * @param to last id, `(id` for below it, or `+`
 */
export async function readHeads(
  redis: RedisHttp,
  stream: string,
  from: string,
  to: string,
  count: number,
): Promise<EntryHead[]> {
  const reply = await redis.eval(pageScript, [stream], [from, to, String(count)]);
  if (!Array.isArray(reply)) throw new RedisReplyError("ERR unexpected reply shape for a page of ids");
  return [...pairs(reply)].map(([id, eventId]) => ({ id: id as MessageId, eventId: String(eventId) }));
}

/**
 * Checks again and trims, in one step: a group that was created meanwhile, moved back, or still has an entry pending
 * stops it; so does a stream that has become too short.
 *
 * ARGV: last id to be removed, the id after it, entries to be removed at most, entries to keep, names of the groups
 * that must exist …
 */
const trimScript = `${idsInLua}
${positionsInLua}
local last = ARGV[1]
if redis.call('EXISTS', KEYS[1]) == 0 then return {'refused', ''} end
local length = redis.call('XLEN', KEYS[1])
if length - tonumber(ARGV[3]) < tonumber(ARGV[4]) then return {'refused', ''} end
local exists = {}
for _, group in ipairs(positions(KEYS[1])) do
  exists[group.name] = true
  if compare(group.last, last) < 0 then return {'refused', group.name} end
  if group.pending ~= '-' and compare(group.pending, last) <= 0 then return {'refused', group.name} end
end
for i = 5, #ARGV do
  if not exists[ARGV[i]] then return {'refused', ARGV[i]} end
end
redis.call('XTRIM', KEYS[1], 'MINID', '=', ARGV[2])
return {'trimmed', tostring(length), tostring(redis.call('XLEN', KEYS[1]))}`;

export interface TrimRequest {
  /** The last id to be removed. */
  readonly last: MessageId;
  /** Entries up to there. */
  readonly count: number;
  /** Entries that stay in any case. */
  readonly keep: number;
  /** Groups that must exist. */
  readonly groups: readonly string[];
}

export type TrimAnswer =
  | { readonly kind: "trimmed"; readonly removed: number; readonly length: number }
  /** Nothing was removed. `group` is who needs the entries; null when the stream has changed otherwise. */
  | { readonly kind: "refused"; readonly group: string | null };

/**
 * Removes the entries up to `last`, if nobody needs them any more. Atomic.
 *
 * @throws {TransientError} no answer: whether it was done is unknown; doing it again is harmless
 */
export async function trimStream(
  redis: RedisHttp,
  stream: string,
  { last, count, keep, groups }: TrimRequest,
): Promise<TrimAnswer> {
  const args = [last, nextMessageId(last), String(count), String(keep), ...groups];
  const reply = await redis.eval(trimScript, [stream], args);
  if (!Array.isArray(reply)) throw new RedisReplyError("ERR unexpected reply shape for a trim");
  const [kind, first, second] = reply.map(String);
  if (kind !== "trimmed") return { kind: "refused", group: first === "" ? null : (first ?? null) };
  return { kind: "trimmed", removed: Number(first) - Number(second), length: Number(second) };
}
