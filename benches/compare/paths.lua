-- wrk: asks for the paths of a file in turn, waits between questions, and tells its figures in a
-- line of JSON: `wrk … -s paths.lua URL -- FILE MILLISECONDS`.
local requests, at, wait = {}, 0, 0

function init(arguments)
    for path in io.lines(arguments[1]) do
        requests[#requests + 1] = wrk.format("GET", path)
    end
    wait = tonumber(arguments[2])
    if wait == 0 then
        delay = nil
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function delay()
    return wait
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        'figures {"requests": %d, "duration_us": %d, "timeouts": %d, "status_errors": %d, '
            .. '"socket_errors": %d, "mean_us": %.1f, "p50_us": %.1f, "p99_us": %.1f}\n',
        summary.requests, summary.duration, errors.timeout, errors.status,
        errors.connect + errors.read + errors.write,
        latency.mean, latency:percentile(50), latency:percentile(99)))
end
