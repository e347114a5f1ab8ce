/**
 * Stream ids in scripts. Their parts are unsigned 64-bit numbers, Lua's numbers are exact only up to 2^53; so they stay
 * what Redis gives, decimals without leading zeros. `plusOne` counts in the text, because XADD's `<ms>-*` came with
 * Redis 7 and not every service that speaks its protocol has it.
 */
export const idsInLua = `
local function parts(id) return string.match(id, '^(%d+)-(%d+)$') end
local function compareParts(a, b)
  if #a ~= #b then return #a < #b and -1 or 1 end
  if a == b then return 0 end
  return a < b and -1 or 1
end
local function compare(a, b)
  local aMs, aSeq = parts(a)
  local bMs, bSeq = parts(b)
  local byTime = compareParts(aMs, bMs)
  if byTime ~= 0 then return byTime end
  return compareParts(aSeq, bSeq)
end
local function plusOne(part)
  local head, digit, nines = string.match(part, '^(%d-)([0-8]?)(9*)$')
  local zeros = string.rep('0', #nines)
  if digit == '' then return '1' .. zeros end
  return head .. string.format('%d', digit + 1) .. zeros
end
-- A value of a flat list of names and values.
local function field(flat, name)
  for i = 1, #flat, 2 do
    if flat[i] == name then return flat[i + 1] end
  end
end`;
