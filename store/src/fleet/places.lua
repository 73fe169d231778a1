-- Tells how many places a gateway has taken.
-- KEYS: one a limit. ARGV: who tells, how long that counts (ms), then two for each: how many, and the
-- version of that number: an older one changes nothing.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local who, lease = ARGV[1], tonumber(ARGV[2])
for i, key in ipairs(KEYS) do
  local count, version = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
  local known = redis.call('HGET', key, who)
  if not known or tonumber(string.match(known, '^%d+:(%d+):')) <= version then
    redis.call('HSET', key, who, string.format('%d:%.0f:%.0f', count, version, now + lease * 1000))
    redis.call('PEXPIRE', key, lease)
  end
end
return 0
