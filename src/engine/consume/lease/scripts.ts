import { countsInLua } from "../../stream/counters.ts";

/*
 * The scripts of the lease of a (group, shard). Each names all keys that it touches, see `stream/scripts.ts`. Those that a
 * drain sends on its way also take its counts, whoever has the lease: what was done was done.
 */

/**
 * Takes the lease, and with it all that the first round needs, if there is nothing special to know: the consumer is not
 * paused and not filled up from the record, its circuit breaker is closed, and nobody has to be fenced off. Otherwise
 * nothing is read.
 *
 * A takeover forgets the copy's fencing token before it raises the one in Postgres: if the worker then cannot write the
 * copy, nobody believes the old one.
 *
 * A command that fails behind the lease, e.g. on a key that holds something else, gives it back: Redis undoes nothing of a
 * script, and others would wait for nobody. The holder stays, for something may have been read.
 *
 * Asked again with the same token, because its answer did not arrive, it takes over from itself.
 *
 * KEYS: lease, mark, holder, stream, state, breakers, retry times, marks of what is deferred.
 *
 * ARGV: token, lease in ms, group, field of this group and shard, consumer; then at most: entries to read, pending entries,
 * bodies of pending entries.
 *
 * @returns when another has the lease, `{0, ms until it ends, 1 for the first mark}`; else
 *   `{1, taken over, end of the stream, pending, state, breaker}`, and what it read: the pending list, the new entries, and
 *   of a short pending list the failures and the bodies, else nulls. The end is the last id before anything was read, empty
 *   when nothing is deferred. Beside what is stored, the state has `time`, Unix ms by the clock of Redis, when something may
 *   wait for its time
 */
export const acquireScript = `
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) and redis.call('GET', KEYS[1]) ~= ARGV[1] then
  local first = redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2] * 2)
  return {0, redis.call('PTTL', KEYS[1]), first and 1 or 0}
end
redis.call('DEL', KEYS[2])
local left = redis.call('SET', KEYS[3], ARGV[1], 'GET') and 1 or 0
local function read()
  if left == 1 then redis.call('HDEL', KEYS[5], 'epoch') end
  local stream, group = KEYS[4], ARGV[3]
  local list = redis.pcall('XPENDING', stream, group, '-', '+', ARGV[7])
  local isThere = not list.err
  local pending = isThere and #list or 0
  local state, breaker = redis.call('HGETALL', KEYS[5]), redis.call('HGET', KEYS[6], ARGV[4])
  local reply = {1, left, '', pending, state, breaker}
  local known = {}
  for i = 1, #state, 2 do known[state[i]] = state[i + 1] end
  local mark = not known.epoch and redis.call('HGET', KEYS[8], ARGV[4])
  if mark then state[#state + 1] = 'deferred'; state[#state + 1] = mark end
  local last = isThere and (known.queued or mark) and redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
  if last then reply[3] = last[1] end
  local isPlain = known.epoch and known.start and known.pauses == '[]' and known.backfilling ~= '1'
  -- A breaker that only counts failures holds nothing up.
  local isOpen = breaker and not string.find(breaker, '"probe_at":null', 1, true)
  local mayRead = isThere and isPlain and not isOpen and ARGV[6] ~= '0'
  -- What waits has its time, and a pause its end: the clock that all workers share says whether it has come.
  if pending > 0 or known.queued or mark or not mayRead then
    local time = redis.pcall('TIME')
    if not time.err then
      state[#state + 1] = 'time'
      state[#state + 1] = string.format('%d%03d', time[1], math.floor(time[2] / 1000))
    end
  end
  if not mayRead then return reply end

  local room = math.min(tonumber(ARGV[6]), tonumber(ARGV[7]) - pending)
  local new = room > 0 and redis.call('XREADGROUP', 'GROUP', group, ARGV[5], 'COUNT', room, 'STREAMS', stream, '>')
  local failures, bodies = false, false
  if #list > 0 and #list <= tonumber(ARGV[8]) then
    local ids = {}
    bodies = {}
    for i, entry in ipairs(list) do
      ids[i] = entry[1]
      bodies[i] = redis.call('XRANGE', stream, entry[1], entry[1])
    end
    failures = redis.call('HMGET', KEYS[7], unpack(ids))
  end
  reply[7], reply[8], reply[9], reply[10] = list, new, failures, bodies
  return reply
end

local ok, reply = pcall(read)
if not ok then
  redis.call('DEL', KEYS[1])
  return type(reply) == 'table' and reply or redis.error_reply(tostring(reply))
end
return reply`;

/**
 * Also keeps what is being handled from looking idle. Redis drops an entry from the pending list when it is claimed
 * after it was trimmed, so only what still has a body is claimed.
 *
 * KEYS: lease, stream, state, counters. ARGV: token, lease in ms, group, consumer, counts, message ids.
 *
 * @returns 0 the lease is somebody else's, 1 held, 2 held and an operator changed what the drain must know
 */
export const renewScript = `${countsInLua}
local at = addCounts(KEYS[4], 5)
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
for i = at, #ARGV do
  if #redis.call('XRANGE', KEYS[2], ARGV[i], ARGV[i]) > 0 then
    redis.call('XCLAIM', KEYS[2], ARGV[3], ARGV[4], 0, ARGV[i], 'JUSTID')
  end
end
return redis.call('HEXISTS', KEYS[3], 'epoch') == 1 and 1 or 2`;

/** Runs the commands in ARGV, each behind the number of its words. An XCLAIM leaves out what was trimmed meanwhile. */
const runCommands = `
local function run(at)
  while at <= #ARGV do
    local count = tonumber(ARGV[at])
    local words, ids, there = {}, 0, 0
    for i = at + 1, at + count do
      local word = ARGV[i]
      local isId = ARGV[at + 1] == 'XCLAIM' and i > at + 5 and string.find(word, '^%d+%-%d+$')
      if isId then ids = ids + 1 end
      if not isId then words[#words + 1] = word
      elseif #redis.call('XRANGE', ARGV[at + 2], word, word) > 0 then
        words[#words + 1] = word
        there = there + 1
      end
    end
    if ids == 0 or there > 0 then redis.call(unpack(words)) end
    at = at + count + 1
  end
end`;

/**
 * Commands that only the holder of the lease may give: a late worker must not touch what its successor is handling.
 *
 * KEYS: lease, and those of the commands. ARGV: token, commands.
 *
 * @returns 1, or 0 when the lease is somebody else's: nothing was run
 */
export const holderScript = `${runCommands}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
run(2)
return 1`;

/**
 * The copy of what a drain must know, unless it was forgotten since the lease was taken: then what was read of Postgres may
 * be older than that change.
 *
 * KEYS: lease, state, and those of the commands. ARGV: token, the mark of the last forgetting that is known, commands.
 *
 * @returns as `holderScript`; or the newer mark: nothing was run
 */
export const keepStateScript = `${runCommands}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local forgotten = redis.call('HGET', KEYS[2], 'forgotten')
if forgotten and forgotten ~= ARGV[2] then return forgotten end
run(3)
return 1`;

/** KEYS: states. ARGV: a mark that is new, how long it stays, ms. */
export const forgetStateScript = `
for _, state in ipairs(KEYS) do
  redis.call('DEL', state)
  redis.call('HSET', state, 'forgotten', ARGV[1])
  redis.call('PEXPIRE', state, ARGV[2])
end
return 1`;

/**
 * Commands of the holder, and failures of entries that failed before. What an operator has asked for during the try, that
 * later ones pass or that the entry is given up, stays in the text of its failure, see `failureToText`.
 *
 * KEYS: lease, retry times, and those of the commands. ARGV: token, entries, their ids and texts in turn, commands.
 *
 * @returns as `holderScript`
 */
export const storeFailuresScript = `${runCommands}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local parts = '^([^:]*:[^:]*:[^:]*):([01]):([01]):(.*)$'
local ids, fields, count = {}, {}, tonumber(ARGV[2])
for i = 1, count do ids[i] = ARGV[1 + 2 * i] end
for i, known in ipairs(redis.call('HMGET', KEYS[2], unpack(ids))) do
  local text = ARGV[2 + 2 * i]
  local _, passed, given = string.match(known or '', parts)
  local numbers, passes, gives, rest = string.match(text, parts)
  if passed and numbers then
    local flag = function(a, b) return (a == '1' or b == '1') and '1' or '0' end
    text = table.concat({numbers, flag(passed, passes), flag(given, gives), rest}, ':')
  end
  fields[2 * i - 1], fields[2 * i] = ids[i], text
end
redis.call('HSET', KEYS[2], unpack(fields))
run(3 + 2 * count)
return 1`;

/**
 * Lets go of entries that failed before and are stored elsewhere now, unless an operator has decided about one since its
 * failure was read: what stands in the text of a failure goes with it.
 *
 * KEYS: lease, retry times, and those of the commands. ARGV: token, entries, their ids and known texts in turn, commands.
 *
 * @returns as `holderScript`; or `{2, …}` with ids and texts in turn of those that changed: nothing was run
 */
export const letGoScript = `${runCommands}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local ids, changed, count = {}, {2}, tonumber(ARGV[2])
for i = 1, count do ids[i] = ARGV[1 + 2 * i] end
for i, text in ipairs(redis.call('HMGET', KEYS[2], unpack(ids))) do
  if text and text ~= ARGV[2 + 2 * i] then
    changed[#changed + 1] = ids[i]
    changed[#changed + 1] = text
  end
end
if #changed > 1 then return changed end
run(3 + 2 * count)
return 1`;

/**
 * The last words of a drain, and the end of its lease. What was applied is acked also when the lease ran out meanwhile, as
 * long as nobody else has it.
 *
 * KEYS: lease, mark, holder, counters, and those of the commands. ARGV: token, lease in ms, 1 when there is time for
 * another round, counts, commands.
 *
 * @returns 0 the lease is no longer ours, 1 released, 2 kept because somebody left a mark
 */
export const releaseScript = `${runCommands}${countsInLua}
local at = addCounts(KEYS[4], 4)
local current = redis.call('GET', KEYS[1])
if current and current ~= ARGV[1] then return 0 end
run(at)
if not current then return 0 end
if redis.call('EXISTS', KEYS[2]) == 1 and ARGV[3] == '1' then
  redis.call('DEL', KEYS[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 2
end
redis.call('DEL', KEYS[1], KEYS[3])
return 1`;

/** KEYS: lease, counters. ARGV: token, counts. */
export const abandonScript = `${countsInLua}
addCounts(KEYS[2], 2)
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`;
