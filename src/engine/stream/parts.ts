import type { MessageId } from "@brain/schemas";
import { TooMuchAtOnceError } from "../core/errors.ts";
import type { RedisHttp } from "./redis.ts";
import { parseReadEntries, type ReadEntry } from "./replies.ts";

/* Entries by their ids, as many as have room in one answer. Other programs write entries of any size. */

/** Of bodies in one answer, unless the first is larger. Far more than a full pending list of ours. */
export const maxPartBytes = 8 * 1_048_576;

/**
 * KEYS[1]: stream. ARGV: bytes at most, ids of entries. `ids` and `bodies` are the first ones whose bodies have room
 * together, and one at least.
 */
export const partInLua = `
local room = tonumber(ARGV[1])
local ids, bodies = {}, {}
for i = 2, #ARGV do
  local found, bytes = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i]), 0
  if found[1] then
    for _, text in ipairs(found[1][2]) do bytes = bytes + #text end
  end
  if i > 2 and bytes > room then break end
  room = room - bytes
  ids[#ids + 1], bodies[#bodies + 1] = ARGV[i], found
end`;

const bodiesScript = `${partInLua}
return bodies`;

export interface EntryPart {
  /** So many of the ids, the first ones, were looked up; one at least. */
  readonly count: number;
  /** Those that are there; of one that is too large by itself, `fields` is null. */
  readonly entries: readonly ReadEntry[];
}

/** The first of these entries, as far as they have room in one answer. @param ids one at least */
export async function readPart(
  redis: RedisHttp,
  stream: string,
  ids: readonly MessageId[],
): Promise<EntryPart> {
  try {
    const reply = await redis.eval(bodiesScript, [stream], [String(maxPartBytes), ...ids]);
    const bodies = reply as readonly unknown[];
    return { count: bodies.length, entries: bodies.flatMap(parseReadEntries) };
  } catch (error) {
    if (!(error instanceof TooMuchAtOnceError)) throw error;
    const first = ids.slice(0, 1);
    if (ids.length > 1) return readPart(redis, stream, first);
    return { count: 1, entries: first.map((id) => ({ id, fields: null })) };
  }
}
