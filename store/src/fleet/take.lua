-- Takes from every limit, or from none.
-- KEYS: one a limit. ARGV: who asks, how long its places count (ms), then four for each limit:
--   'take',  max a minute, count, until when what the asker took itself is there again (us)
--   'place', max at once,  how many places the asker has then, the version of that number
-- Answers 0 and, for each limit, what is left and until all is there again (us); or the number of the
-- limit that is full and the wait (us).
local MINUTE, DAY = 60000000, 86400000000
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local who, lease = ARGV[1], tonumber(ARGV[2])
-- When all of a limit is there again, by the clock as it is now: where it was set back since, so much earlier.
local function arrives(key)
  local at, said = string.match(redis.call('GET', key) or '', '^([%d.]+):(%d+)$')
  if not at then return now end
  return math.max(tonumber(at) - math.max(tonumber(said) - now, 0), now)
end
local answer, arrivals, places = {0}, {}, {}
for i, key in ipairs(KEYS) do
  local at = 4 * i - 1
  local max, count, own = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  if ARGV[at] == 'take' then
    local each = MINUTE / max
    local arrival = math.max(arrives(key), now + math.min(own, DAY))
    -- A microsecond for what division loses.
    local beyond = arrival + math.min(count, max) * each - now - MINUTE
    if beyond > 1 then return {i, math.ceil(beyond)} end
    arrival = math.min(arrival + count * each, now + DAY)
    arrivals[key] = arrival
    answer[#answer + 1] = math.floor(math.max(0, MINUTE - (arrival - now) + 1) / each)
    answer[#answer + 1] = math.ceil(arrival - now)
  else
    local taken, newest, void = count, true, {}
    local all = redis.call('HGETALL', key)
    for j = 1, #all, 2 do
      local number, version, ends = string.match(all[j + 1], '^(%d+):(%d+):(%d+)$')
      if all[j] == who then
        newest = tonumber(version) < own
      elseif tonumber(ends) <= now then
        void[#void + 1] = all[j]
      else
        taken = taken + tonumber(number)
        -- Nobody's lease is longer: the clock was set back.
        if tonumber(ends) > now + lease * 1000 then
          redis.call('HSET', key, all[j], string.format('%s:%s:%.0f', number, version, now + lease * 1000))
        end
      end
    end
    if taken > max then return {i, 0} end
    places[key] = {newest, void, string.format('%d:%.0f:%.0f', count, own, now + lease * 1000)}
    answer[#answer + 1] = max - taken
    answer[#answer + 1] = 0
  end
end
for key, arrival in pairs(arrivals) do
  redis.call('SET', key, string.format('%.3f:%.0f', arrival, now), 'PX', math.ceil((arrival - now) / 1000) + 1)
end
for key, place in pairs(places) do
  if #place[2] > 0 then redis.call('HDEL', key, unpack(place[2])) end
  if place[1] then redis.call('HSET', key, who, place[3]) end
  redis.call('PEXPIRE', key, lease)
end
return answer
