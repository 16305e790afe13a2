-- cut_check: each cut of a range whose rows are not as many as it announced. It must be empty.
-- Parameters:
--   {from_cut:UInt64}  the first cut
--   {to_cut:UInt64}    the last cut
-- Columns:
--   number, table  the cut and the table
--   announced      how many rows the cut announced
--   counted        how many there are. Of contacts, whose older versions go away, it counts the changes that are there in that version
--                  or a later one
SELECT number, table, sum(announced) AS announced, sum(counted) AS counted
FROM (
    SELECT number, toString(t) AS table, n AS announced, 0 AS counted
    FROM cuts ARRAY JOIN tables AS t, rows AS n
    WHERE number BETWEEN {from_cut:UInt64} AND {to_cut:UInt64}
    UNION ALL
    SELECT cut, 'events', 0, count() FROM events WHERE cut BETWEEN {from_cut:UInt64} AND {to_cut:UInt64} GROUP BY cut
    UNION ALL
    SELECT cut, 'messages', 0, count() FROM messages WHERE cut BETWEEN {from_cut:UInt64} AND {to_cut:UInt64} GROUP BY cut
    UNION ALL
    SELECT cut, 'message_marks', 0, count() FROM message_marks WHERE cut BETWEEN {from_cut:UInt64} AND {to_cut:UInt64} GROUP BY cut
    UNION ALL
    SELECT cut, 'offers', 0, count() FROM offers WHERE cut BETWEEN {from_cut:UInt64} AND {to_cut:UInt64} GROUP BY cut
    UNION ALL
    SELECT cut, 'agent_states', 0, count() FROM agent_states WHERE cut BETWEEN {from_cut:UInt64} AND {to_cut:UInt64} GROUP BY cut
    UNION ALL
    SELECT cut, 'queue_entries', 0, count() FROM queue_entries WHERE cut BETWEEN {from_cut:UInt64} AND {to_cut:UInt64} GROUP BY cut
    UNION ALL
    SELECT e.cut, 'contacts', 0, countIf(c.version >= e.version)
    FROM events AS e
    LEFT JOIN (SELECT tenant, contact, max(version) AS version FROM contacts GROUP BY tenant, contact) AS c
        ON c.tenant = e.tenant AND c.contact = e.contact
    WHERE e.kind = 'contact_changed' AND e.cut BETWEEN {from_cut:UInt64} AND {to_cut:UInt64}
    GROUP BY e.cut
)
GROUP BY number, table
HAVING announced != counted
ORDER BY number, table
