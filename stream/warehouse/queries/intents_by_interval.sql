-- intents_by_interval: what models found that customers want, by stage and model, and at what cost. What was asked in practice is in it:
-- it costs as much.
-- Parameters:
--   {tenant:String}      the company
--   {from_ms:Int64}      the first moment, {to_ms:Int64} the one behind the last; Unix milliseconds of the finding
--   {interval_ms:Int64}  the length of an interval, counted from from_ms
-- Columns:
--   interval_ms        the interval's beginning, Unix milliseconds
--   stage, model, model_version, language  who found it, in what language
--   intent             what the customer wants; empty where the model was not sure
--   found              how many findings; contacts, about how many contacts
--   failed             how many ended by deadline, breaker_open, invalid or failed
--   confidence         mean confidence in thousandths
--   latency_p50_us, latency_p99_us  how long they took
--   tokens_in, tokens_out, cost_micros  sums; cost in millionths of the currency
SELECT {from_ms:Int64} + intDiv(toUnixTimestamp64Milli(at) - {from_ms:Int64}, {interval_ms:Int64}) * {interval_ms:Int64} AS interval_ms,
       stage, model, model_version, language, intent,
       count() AS found,
       uniqExact(contact) AS contacts,
       countIf(reason IN ('deadline', 'breaker_open', 'invalid', 'failed')) AS failed,
       intDiv(sum(intents.confidence), found) AS confidence,
       quantileExact(0.5)(latency_us) AS latency_p50_us,
       quantileExact(0.99)(latency_us) AS latency_p99_us,
       sum(intents.tokens_in) AS tokens_in,
       sum(intents.tokens_out) AS tokens_out,
       sum(intents.cost_micros) AS cost_micros
FROM intents
WHERE tenant = {tenant:String}
  AND at >= fromUnixTimestamp64Milli({from_ms:Int64})
  AND at < fromUnixTimestamp64Milli({to_ms:Int64})
GROUP BY interval_ms, stage, model, model_version, language, intent
ORDER BY interval_ms, stage, model, model_version, language, intent
