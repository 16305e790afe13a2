    -- A talk that an agent had, and the wrap-up after it.
    toUnixTimestamp64Milli(ended_at) AS ended_ms,
    toUnixTimestamp64Milli(assigned_at) AS assigned_ms,
    toUnixTimestamp64Milli(wrapped_at) AS wrapped_ms,
    greatest(0, ended_ms - assigned_ms) AS talk_ms,
    if(wrapped_ms = 0, 0, greatest(0, wrapped_ms - ended_ms)) AS acw_ms,
    if(toUnixTimestamp64Milli(first_response_at) = 0, -1, greatest(0, toUnixTimestamp64Milli(first_response_at) - assigned_ms)) AS first_ms
