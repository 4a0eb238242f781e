-- SPDX-License-Identifier: MIT
-- Passes the user of lighttpd's own login to roomkey. Whatever a visitor sends is named HTTP_ here.
lighty.r.req_env["ROOMKEY_USER"] = lighty.r.req_env["REMOTE_USER"]
