-- SPDX-License-Identifier: AGPL-3.0-only
-- A body of 1 KB of JSON, for wrk.
local items = {}
for number = 1, 9 do
    items[number] = string.format('{"id":%d,"name":"item number %d","price":%d.25,"tags":["red","green","blue"],"stock":{"here":%d,"there":true}}',
        number, number, number * 3, number * 7)
end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = "[" .. table.concat(items, ",") .. "]"
