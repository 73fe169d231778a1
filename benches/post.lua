-- What wrk sends: one POST, of which no two are the same. Prints its figures as one line of JSON for `measure.py`.
-- The environment gives BODY (a file), KEY and, where connections pause before each request, PAUSE_MS.
local file = assert(io.open(os.getenv("BODY"), "rb"))
wrk.method = "POST"
wrk.path = "/v1/chat/completions"
local before, after = file:read("*a"):match("^(.*)@@@@@@@@(.*)$")
assert(after, "BODY has no `@@@@@@@@`")
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("KEY")
file:close()

-- Another word in the place of the mark in each request: a body that was seen before is known by its hash, and its
-- search would cost nothing.
math.randomseed(os.time())
function request()
  local letters = {}
  for place = 1, 8 do
    letters[place] = string.char(96 + math.random(26))
  end
  return wrk.format(nil, nil, nil, before .. table.concat(letters) .. after)
end

-- Pauses of random length around a mean, so that requests come as from many who do not know of each other.
local pause = tonumber(os.getenv("PAUSE_MS") or "0")
if pause > 0 then
  function delay()
    return math.floor(-math.log(1 - math.random()) * pause + 0.5)
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"us":%d,"p50_us":%d,"p99_us":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
