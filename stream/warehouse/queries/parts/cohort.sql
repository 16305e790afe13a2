    -- What became of an enqueueing. While it waits, changed_at is not when it left.
    toUnixTimestamp64Milli(enqueued_at) AS enqueued_ms,
    multiIf(state IN ('answered', 'abandoned', 'flowed_out'), toString(state), 'waiting') AS outcome,
    if(outcome = 'waiting', 0, greatest(enqueued_ms, toUnixTimestamp64Milli(changed_at))) AS left_ms,
    if(outcome = 'waiting', 0, left_ms - enqueued_ms) AS wait_ms
