import { countsInLua } from "./counters.ts";
import { idsInLua } from "./ids-in-lua.ts";

/*
 * Appends a batch in order, all or nothing, and notes in the same step, in a key beside the stream, which batch that was
 * and where it stands. So it gives the ids itself, and no other writer can be faster; a batch that comes again because
 * its reply was lost is told from the note where it stands; a batch of a relay that has been overtaken is refused.
 *
 * Stream and note are lost together when Redis loses data, and then the note is older than it should be. What else may
 * be lost is seen by the ids: the stream ends before the last entry that the relay knows of, or lacks that entry. A
 * Redis that lost its data would take new entries without a word, and hide the loss for ever.
 *
 * The script is deterministic, as Redis asks of scripts: the time is an argument, and what is written depends on
 * arguments and keys only.
 */

/**
 * An id is the greatest of the relay's time, the stream's last id and the last one given, each made greater: entries of
 * a writer that runs ahead of the clock, by whatever unit it counts, are followed by sequence. A sequence within two
 * thousand million of its end counts as used up: so a batch never gets past it, and the next millisecond begins anew.
 *
 * A batch whose reply was lost may have been appended, read by consumers and lost by Redis, under ids of which nobody
 * knows. Claims are kept under them, so they must not be another event's, whatever the stream ends with by then. So the
 * sequences of each thousand million are divided into a thousand lanes, and a lane is left for good after a try of which
 * nobody knows what became of it. The last hundred thousand of a lane are not begun, so a batch stays in its lane.
 *
 * A stream whose last id is the last one there is takes no entry of anybody any more. Its last id could be set back, but
 * a group that has read that far would never be given anything again. So the stream is set aside under another name, and
 * its entries are copied under their ids, without those that block it. Groups are not copied: a consumer of ours begins
 * again where it began, and knows by its claims what it has applied.
 *
 * KEYS: stream, note, activity, name for a stream that is set aside, counters.
 * ARGV: ttl of the activity key in ms; number of the batch, 0 only to look; number of the one before; what tells its
 * content; the last id known to be sent; its event when the entry must be there, 1 when only the entry is known, or empty; time in ms; the shard's first sequence; the last
 * id given; first and last id that a former release gave the batch, and the event id of its first entry, or three empty
 * ones; the lane, three digits; the counts of the batch; then for each entry: number of fields, fields …
 */
export const appendScript = `${idsInLua}${countsInLua}
local number, after, content = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local note = redis.call('HMGET', KEYS[2], 'number', 'content', 'first', 'last', 'foreign')
local noted = tonumber(note[1] or '0')
local isNoted = number > 0 and noted == number and note[2] == content
if number > 0 and noted > after and not isNoted then return {'ahead', note[1]} end

local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
-- Another program may have been given the id of an entry that was lost.
local function standsAt(id, event)
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  return entry ~= nil and (event == '1' or field(entry[2], 'id') == event)
end
local top = '0-0'
if not info.err then
  top = field(info, 'last-generated-id')
elseif not string.find(info.err, 'no such key') then
  return info
end
local noteStands = noted > 0 and compare(top, note[4]) >= 0 and standsAt(note[4], string.match(note[2] or '', '^%S+ (%S+)'))
if isNoted and noteStands then return {'repeated', note[3], note[5] or ''} end
local known = ARGV[5]
local lacksKnown = ARGV[6] ~= '' and known ~= '0-0' and not standsAt(known, ARGV[6])
if noted < after then
  if noted > 0 then
    -- Without the entry that the note names, stream and note are of two times: nobody can tell what is there.
    return {'lost', noteStands and note[4] or '0-0', note[1]}
  end
  if lacksKnown or known == '0-0' or compare(top, known) < 0 then return {'lost', '0-0', '0'} end
elseif compare(top, known) < 0 then
  return {'lost', top, note[1] or '0'}
elseif lacksKnown then
  return {'lost', '0-0', note[1] or '0'}
elseif isNoted then
  return {'lost', known, note[1]}
end
if number == 0 then return {'whole'} end

-- What stands between the last entry that is known and this batch is another program's.
local foreign = compare(top, known) == 0 and '' or top
local function remember(first, last)
  redis.call('HSET', KEYS[2], 'number', ARGV[2], 'content', content, 'first', first, 'last', last, 'foreign', foreign)
  redis.call('SET', KEYS[3], '1', 'PX', ARGV[1])
end
if ARGV[10] ~= '' then
  local entry = redis.call('XRANGE', KEYS[1], ARGV[10], ARGV[10])[1]
  if entry and field(entry[2], 'id') == ARGV[12] then
    remember(ARGV[10], ARGV[11])
    return {'repeated', ARGV[10], foreign}
  end
end

local ms, seq = ARGV[7], ARGV[8]
local function isUsedUp(idSeq) return compareParts(idSeq, '18446744071709551615') > 0 end
local function hasRoomBehind(id)
  local idMs, idSeq = parts(id)
  return idMs ~= '18446744073709551615' or not isUsedUp(idSeq)
end
local function goBehind(id)
  local idMs, idSeq = parts(id)
  local byTime = compareParts(idMs, ms)
  if byTime < 0 or (byTime == 0 and compareParts(idSeq, seq) < 0) then return end
  if isUsedUp(idSeq) then
    ms, seq = plusOne(idMs), ARGV[8]
    return
  end
  local following = plusOne(idSeq)
  ms, seq = idMs, compareParts(following, ARGV[8]) < 0 and ARGV[8] or following
end

local setAside = ''
if not hasRoomBehind(top) then
  setAside = KEYS[4]
  if redis.call('RENAMENX', KEYS[1], setAside) == 0 then
    return redis.error_reply('ERR the name ' .. setAside .. ' for a full stream is taken')
  end
  top = '0-0'
  local from = '-'
  repeat
    local page = redis.call('XRANGE', setAside, from, '+', 'COUNT', '500')
    for _, entry in ipairs(page) do
      -- Lua cannot pass on the fields of an entry that has thousands.
      if hasRoomBehind(entry[1]) and #entry[2] < 7000 then
        top = redis.call('XADD', KEYS[1], entry[1], unpack(entry[2]))
      end
      from = '(' .. entry[1]
    end
  until #page < 500
  foreign = compare(top, known) == 0 and '' or top
end
if hasRoomBehind(ARGV[9]) then goBehind(ARGV[9]) end
goBehind(top)
local lane, digits = ARGV[13], string.rep('0', math.max(0, 10 - #seq)) .. seq
local block, before, within = string.sub(digits, 1, -10), string.sub(digits, -9, -7), string.sub(digits, -6)
if before ~= lane or within >= '900000' then
  if before >= lane then block = plusOne(block) end
  local firstOfLane = string.gsub(block .. lane .. '000000', '^0+', '')
  seq = firstOfLane == '' and '0' or firstOfLane
end

local first, last = ms .. '-' .. seq, nil
-- What was appended before, and is told again, is counted already.
local at = addCounts(KEYS[5], 14)
while at <= #ARGV do
  local count = tonumber(ARGV[at])
  last = ms .. '-' .. seq
  redis.call('XADD', KEYS[1], last, unpack(ARGV, at + 1, at + count))
  seq = plusOne(seq)
  at = at + 1 + count
end
remember(first, last)
return {'appended', first, foreign, setAside}`;
