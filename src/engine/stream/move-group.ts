import { isMessageId, type MessageId, previousMessageId } from "@brain/schemas";
import { type Group, groupOf } from "./group.ts";
import type { StreamKeys } from "./keys.ts";
import { type RedisHttp, RedisReplyError } from "./redis.ts";

/*
 * A group that was begun under another name hands its offset on, so that an upgrade neither misses nor repeats anything:
 * that of a consumer that is renamed, and those of the releases whose groups were called `group_{subscriber}`, as the
 * Python programs call theirs. A Python consumer of the same name took half of our events, and nobody could tell it from us.
 */

/** Field of the hash of heartbeats that says that the old group was ours, and was left. */
const leftField = (oldGroup: string, shard: number) => `left:${oldGroup}:${shard}`;

/** What the group of a consumer may have been called before, the latest first. @param formerly the names it had, likewise */
export function olderGroupsOf(subscriber: string, formerly: readonly string[]): readonly string[] {
  const named = formerly.length === 0 ? [subscriber] : formerly;
  return [...formerly.map(groupOf), ...named.map((name) => `group_${name}`)];
}

/**
 * All or nothing: creates the new group where the old one is, with the same entries pending after the same number of
 * tries. Only if a drain of ours was seen on the old group, and none on the new one.
 *
 * KEYS: stream, heartbeats, retry times of the old group, of the new one. ARGV: old group, new group, fields of the
 * heartbeats: old, new, left.
 */
const moveScript = `
if redis.call('HEXISTS', KEYS[2], ARGV[3]) == 0 or redis.call('HEXISTS', KEYS[2], ARGV[4]) == 1 then return {} end
local groups = redis.pcall('XINFO', 'GROUPS', KEYS[1])
if groups.err then return {} end
local last = nil
for _, info in ipairs(groups) do
  local fields = {}
  for i = 1, #info, 2 do fields[info[i]] = info[i + 1] end
  if fields.name == ARGV[2] then return {} end
  if fields.name == ARGV[1] then last = fields['last-delivered-id'] end
end
if not last then return {} end
redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[2], last)
local answer, from = {last}, '-'
while true do
  local page = redis.call('XPENDING', KEYS[1], ARGV[1], from, '+', 100)
  for _, entry in ipairs(page) do
    local moved = redis.call('XCLAIM', KEYS[1], ARGV[2], ARGV[2], 0, entry[1], 'IDLE', entry[3], 'RETRYCOUNT', entry[4],
      'FORCE', 'JUSTID')
    if #moved == 0 then answer[#answer + 1] = entry[1] end
    from = '(' .. entry[1]
  end
  if #page < 100 then break end
end
if redis.call('EXISTS', KEYS[3]) == 1 then redis.call('RENAME', KEYS[3], KEYS[4]) end
redis.call('HDEL', KEYS[2], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[5], '1')
return answer`;

/**
 * Moves the offset of the group that `oldGroup` was to `group`.
 *
 * @returns the id from which on the claims have to be compared: behind it something may have been pending whose body is
 * gone from the stream. Null when there was nothing to move.
 */
export async function moveGroup(
  redis: RedisHttp,
  { stream, group }: Group,
  oldGroup: string,
  keys: {
    readonly shard: number;
    readonly heartbeats: string;
    readonly oldRetries: string;
    readonly retries: string;
  },
): Promise<MessageId | null> {
  const { shard, heartbeats, oldRetries, retries } = keys;
  const reply = await redis.eval(
    moveScript,
    [stream, heartbeats, oldRetries, retries],
    [oldGroup, group, `${oldGroup}:${shard}`, `${group}:${shard}`, leftField(oldGroup, shard)],
  );
  if (!Array.isArray(reply)) throw new RedisReplyError("ERR unexpected reply shape for the move of a group");
  const [last, lost] = reply;
  if (isMessageId(lost)) return previousMessageId(lost);
  return isMessageId(last) ? last : null;
}

/** An older release may still run, or somebody may have begun to read in the group. */
const anHourMs = 3_600_000;
const leftShape = /^left:(.+):(\d+)$/;

const removeScript = `
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 0 then return 0 end
local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
if not consumers.err then
  for _, info in ipairs(consumers) do
    for i = 1, #info, 2 do if info[i] == 'idle' and info[i + 1] < tonumber(ARGV[3]) then return 0 end end
  end
  redis.call('XGROUP', 'DESTROY', KEYS[1], ARGV[1])
end
redis.call('HDEL', KEYS[2], ARGV[2])
return consumers.err and 0 or 1`;

/**
 * Removes the groups that we left, because each would keep its stream from being trimmed for ever. While somebody reads in
 * one, it is somebody's.
 *
 * @param quietMs time without any reader after which a group is nobody's, ms
 * @returns names of those that were removed
 */
export async function removeLeftGroups(
  redis: RedisHttp,
  keys: Pick<StreamKeys, "heartbeats" | "stream">,
  quietMs = anHourMs,
): Promise<string[]> {
  const fields = await redis.command(["HKEYS", keys.heartbeats()]);
  const removed: string[] = [];
  for (const field of Array.isArray(fields) ? fields.map(String) : []) {
    const [, group, shard] = leftShape.exec(field) ?? [];
    if (group === undefined) continue;
    const reply = await redis.eval(
      removeScript,
      [keys.stream(Number(shard)), keys.heartbeats()],
      [group, field, String(quietMs)],
    );
    if (Number(reply) === 1) removed.push(group);
  }
  return removed;
}
