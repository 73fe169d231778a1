-- Moves what was taken of limits a minute to what was used.
-- KEYS: one a limit. ARGV: two for each: max a minute, and how many more (fewer where negative).
local MINUTE, DAY = 60000000, 86400000000
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
-- When all of a limit is there again, by the clock as it is now: where it was set back since, so much earlier.
local function arrives(key)
  local at, said = string.match(redis.call('GET', key) or '', '^([%d.]+):(%d+)$')
  if not at then return now end
  return math.max(tonumber(at) - math.max(tonumber(said) - now, 0), now)
end
for i, key in ipairs(KEYS) do
  local each, count = MINUTE / tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local arrival = math.min(arrives(key) + count * each, now + DAY)
  if arrival > now then
    redis.call('SET', key, string.format('%.3f:%.0f', arrival, now), 'PX', math.ceil((arrival - now) / 1000) + 1)
  else
    redis.call('DEL', key)
  end
end
return 0
