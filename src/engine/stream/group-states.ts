import { isMessageId, type MessageId } from "@brain/schemas";
import { idsInLua } from "./ids-in-lua.ts";
import { type Command, RedisReplyError } from "./redis.ts";

/*
 * What an operator wants to know of the groups of a stream. Redis' own `lag` is the number of entries ever added less the
 * number that the group read: what another program trimmed before the group had read it stays in there for good. So the
 * entries behind the group are counted where that can be done cheaply, and Redis is asked where its number must be right.
 *
 * @see https://redis.io/docs/latest/commands/xinfo-groups/
 */

/** More unread entries than this are not counted: XRANGE reads their bodies. */
const countedAtMost = 1_000;

const statesScript = `${idsInLua}
local stream = KEYS[1]
local most = tonumber(ARGV[1])
if redis.call('EXISTS', stream) == 0 then return {} end
local function fieldsOf(flat)
  local fields = {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end
local length = redis.call('XLEN', stream)
local added = fieldsOf(redis.call('XINFO', 'STREAM', stream))['entries-added']
local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
local answer = {{tostring(length), first and first[1] or ''}}
for _, flat in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local group = fieldsOf(flat)
  local last = group['last-delivered-id']
  local unread = redis.pcall('XRANGE', stream, '(' .. last, '+', 'COUNT', 1)
  unread = not unread.err and unread[1] or nil
  local lag = ''
  if not unread then lag = 0
  elseif compare(last, first[1]) < 0 then lag = length
  elseif added == length and type(group.lag) == 'number' then lag = group.lag
  else
    local count = #redis.call('XRANGE', stream, '(' .. last, '+', 'COUNT', most + 1)
    if count <= most then lag = count
    elseif type(group.lag) == 'number' and group.lag <= length then lag = group.lag end
  end
  local waiting = redis.call('XPENDING', stream, group.name)
  local line = {group.name, tostring(group.pending), last, tostring(lag), waiting[1] > 0 and waiting[2] or '',
    unread and unread[1] or ''}
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group.name)) do
    line[#line + 1] = fieldsOf(consumer).name
  end
  answer[#answer + 1] = line
end
return answer`;

/** State of a group on one stream. */
export interface GroupState {
  readonly group: string;
  readonly pending: number;
  readonly lastDelivered: MessageId;
  /**
   * Entries on the stream that the group has not read; null when nobody can tell. Up to 1,000 it is counted. Beyond that
   * it is Redis' own number, which may hold what another program trimmed unread, but never more than there is.
   */
  readonly lag: number | null;
  /** Null when nothing is pending. */
  readonly oldestPending: MessageId | null;
  /** Null when everything is read. */
  readonly oldestUnread: MessageId | null;
  /** Names of the consumers that ever read in the group and were not removed. */
  readonly consumers: readonly string[];
}

/** State of a stream and of all groups on it, ours and others'. */
export interface StreamState {
  readonly length: number;
  /** Null when it is empty. */
  readonly first: MessageId | null;
  readonly groups: readonly GroupState[];
}

/** For a pipeline; the reply is for `parseStreamState`. */
export function streamStateCommand(stream: string): Command {
  return ["EVAL", statesScript, "1", stream, String(countedAtMost)];
}

/**
 * @returns null when there is no stream
 * @throws {RedisReplyError} Redis refused
 */
export function parseStreamState(reply: unknown): StreamState | null {
  if (reply instanceof Error) throw reply;
  if (!Array.isArray(reply))
    throw new RedisReplyError("ERR unexpected reply shape for the state of a stream");
  const [head, ...lines] = reply as readonly (readonly unknown[])[];
  if (head === undefined) return null;
  return {
    length: Number(head[0]),
    first: idOrNull(head[1]),
    groups: lines.map((line): GroupState => {
      const [group, pending, lastDelivered, lag, oldestPending, oldestUnread, ...consumers] =
        line.map(String);
      return {
        group: group ?? "",
        pending: Number(pending),
        lastDelivered: (lastDelivered ?? "0-0") as MessageId,
        lag: lag === undefined || lag === "" ? null : Number(lag),
        oldestPending: idOrNull(oldestPending),
        oldestUnread: idOrNull(oldestUnread),
        consumers,
      };
    }),
  };
}

const idOrNull = (id: unknown): MessageId | null => (isMessageId(id) ? id : null);

/** A group of ours has one consumer, named like the group. Whoever else reads there takes events that we never see. */
export function strangersIn({
  group,
  consumers,
}: Pick<GroupState, "group" | "consumers">): readonly string[] {
  return consumers.filter((name) => name !== group);
}
