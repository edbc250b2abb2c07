-- wrk's side of the load: a POST of a message, never the same content twice, over many conversations.
-- Arguments: a file of paths, and a tag that tells this run's messages from all others.
local paths, tag, count = {}, "", 0
local head = " HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: "

function init(args)
   for path in io.lines(args[1]) do paths[#paths + 1] = path end
   tag = args[2]
end

function request()
   count = count + 1
   local content = string.format("%s %08d ", tag, count)
   local body = '{"content":"' .. content .. string.rep("m", 60 - #content) .. '"}'
   return "POST " .. paths[count % #paths + 1] .. head .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format('\n{"answers":%d,"refused":%d,"broken":%d,"seconds":%f,"p50_ms":%f,"p99_ms":%f}\n',
      summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
      summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
