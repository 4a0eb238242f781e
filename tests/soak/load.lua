-- SPDX-License-Identifier: MIT
-- The benchmark's good requests, each from a visitor of its own: the site limits those of one.
dofile(os.getenv("SOAK_ROOT") .. "tests/bench/load.lua")

local plain, visitors = wrk.format, 0

function request()
  visitors = visitors + 1
  wrk.headers["X-Visitor"] = string.format("10.%d.%d.%d", visitors / 65536 % 256, visitors / 256 % 256, visitors % 256)
  return plain()
end
