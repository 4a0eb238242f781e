-- SPDX-License-Identifier: MIT
-- What wrk sends: a browser's form. Ends with one line of JSON.
wrk.method = "POST"
if os.getenv("BENCH_FORM") == "urlencoded" then
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  wrk.body = "clientID=bcI%3AGPhz6A2T"
else
  local boundary = "----WebKitFormBoundaryxkL7q2Vd0uB3mTzA"
  wrk.headers["Content-Type"] = "multipart/form-data; boundary=" .. boundary
  wrk.body = "--" .. boundary .. '\r\nContent-Disposition: form-data; name="clientID"\r\n\r\nbcI:GPhz6A2T\r\n--' ..
    boundary .. "--\r\n"
end

function done(summary, latency)
  local errors = summary.errors
  -- wrk's own time on a CPU: the fields after its name, in ticks of 10 ms (proc(5)).
  local stat = io.open("/proc/self/stat"):read("*a"):match("%) (.*)")
  local ticks, at = 0, 0
  for field in stat:gmatch("%S+") do
    at = at + 1
    if at == 12 or at == 13 then ticks = ticks + tonumber(field) end
  end
  io.write(string.format('\nRESULT {"requests":%d,"seconds":%f,"p50":%d,"p99":%d,"failed":%d,"broken":%d,"wrkCpu":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout, ticks * 10000))
end
