-- SPDX-License-Identifier: MIT
-- A peer: the same work inside nginx, in LuaJIT, with cjson and OpenSSL's HMAC keyed once.
local ffi = require "ffi"
local cjson = require "cjson"
local encode = require("ngx.base64").encode_base64url

ffi.cdef [[
typedef struct { const char *key; unsigned int type; void *data; size_t size; size_t filled; } ossl_param;
void *EVP_MAC_fetch(void *library, const char *algorithm, const char *properties);
void *EVP_MAC_CTX_new(void *mac);
int EVP_MAC_init(void *context, const char *key, size_t size, const ossl_param *parameters);
int EVP_MAC_update(void *context, const char *data, size_t size);
int EVP_MAC_final(void *context, unsigned char *out, size_t *size, size_t capacity);
ossl_param OSSL_PARAM_construct_utf8_string(const char *key, char *text, size_t size);
ossl_param OSSL_PARAM_construct_end(void);
]]

local crypto = ffi.load("libcrypto.so.3")
local secret = os.getenv("BENCH_SECRET")
local channel = os.getenv("BENCH_CHANNEL")
local adjectives = { "amber", "brisk", "calm", "daring", "eager", "fair", "gentle", "happy" }
local nouns = { "acorn", "birch", "comet", "delta", "ember", "falcon", "glacier", "heron" }

local digest = ffi.new("char[7]", "SHA256")
local parameters = ffi.new("ossl_param[2]")
parameters[0] = crypto.OSSL_PARAM_construct_utf8_string("digest", digest, 0)
parameters[1] = crypto.OSSL_PARAM_construct_end()
local context = crypto.EVP_MAC_CTX_new(crypto.EVP_MAC_fetch(nil, "HMAC", nil))
assert(crypto.EVP_MAC_init(context, secret, #secret, parameters) == 1)
local mac = ffi.new("unsigned char[32]")
local size = ffi.new("size_t[1]")

local function sign(message)
  crypto.EVP_MAC_init(context, nil, 0, nil)
  crypto.EVP_MAC_update(context, message, #message)
  crypto.EVP_MAC_final(context, mac, size, 32)
  return ffi.string(mac, 32)
end

local header = encode('{"alg":"HS256","typ":"JWT"}') .. "."

-- The field of a multipart or urlencoded body.
local function field(name)
  ngx.req.read_body()
  local type = ngx.var.content_type
  local at = type:find("boundary=", 1, true)
  if not at then
    return ngx.req.get_post_args()[name]
  end
  local body = ngx.req.get_body_data()
  local boundary = "\r\n--" .. type:sub(at + 9)
  local _, named = body:find('name="' .. name .. '"', 1, true)
  local _, start = body:find("\r\n\r\n", named or #body, true)
  local stop = start and body:find(boundary, start, true)
  return stop and body:sub(start + 1, stop - 1)
end

local function auth()
  local client = field("clientID")
  if not client or client == "" then
    ngx.status = 422
    return ngx.print("No clientID defined")
  end
  local quoted = client:gsub("[%^$\\.*+?()%[%]{}|/]", "\\%0")
  local message = header .. encode(cjson.encode({
    client = client,
    channel = channel,
    exp = ngx.time() + 180,
    data = {
      name = adjectives[math.random(#adjectives)] .. "_" .. nouns[math.random(#nouns)],
      color = string.format("#%06x", math.random(0, 0xffffff)),
    },
    permissions = {
      ["^observable-room$"] = { publish = true, subscribe = true },
      ["^private-room-" .. quoted .. "$"] = { publish = false, subscribe = true },
      ["^private-room-(?!" .. quoted .. "$).+$"] = { publish = true, subscribe = false },
    },
  }))
  local token = message .. "." .. encode(sign(message))
  ngx.header.content_type = "text/plain; charset=utf-8"
  ngx.header.cache_control = "no-store"
  ngx.header.content_length = #token
  ngx.print(token)
end

return { auth = auth }
