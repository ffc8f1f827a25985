-- One publication of 256 bytes for each request, on connections that stay open.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '["' .. string.rep("x", 252) .. '"]'
