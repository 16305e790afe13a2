-- intents_of: the findings behind a number of intents_by_interval, the latest first.
-- Parameters:
--   {tenant:String}  the company
--   {intent:String}  only this intent; empty for all, - for those that were not sure
--   {stage:String}   only of this stage; empty for all
--   {from_ms:Int64}  the first moment, {to_ms:Int64} the one behind the last; Unix milliseconds of the finding
--   {skip:UInt32}    how many to pass over, {count:UInt32} how many to give at most
-- Columns:
--   contact, conversation, message  what was read
--   intent, confidence, language    what was found, confidence in thousandths
--   guesses, guess_confidences      the best guesses, the best first; arrays of one length
--   stage, model, model_version, prompt, reason, latency_us  who found it, and how it ended
--   at_ms                           when, Unix milliseconds
SELECT contact, conversation, message, intent, confidence, language,
       arrayMap(x -> toString(x), guesses.intent) AS guesses, arrayMap(x -> toInt64(x), guesses.confidence) AS guess_confidences,
       stage, model, model_version, prompt, reason, latency_us, toUnixTimestamp64Milli(at) AS at_ms
FROM intents
WHERE tenant = {tenant:String}
  AND ({intent:String} = '' OR intent = if({intent:String} = '-', '', {intent:String}))
  AND ({stage:String} = '' OR stage = {stage:String})
  AND at >= fromUnixTimestamp64Milli({from_ms:Int64})
  AND at < fromUnixTimestamp64Milli({to_ms:Int64})
ORDER BY at_ms DESC, offset DESC
LIMIT {skip:UInt32}, {count:UInt32}
