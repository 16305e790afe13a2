-- cut_check: each cut of a range whose rows are not as many as it announced. It must be empty.
-- Parameters:
--   {from_cut:UInt64}  the first cut
--   {to_cut:UInt64}    the last cut
-- Columns:
--   number, table  the cut and the table
--   announced      how many rows the cut announced
--   counted        how many there are. Of tables whose older versions go away, it counts the facts that are there in that version or a
--                  later one
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
    SELECT cut, 'behaviours', 0, count() FROM behaviours WHERE cut BETWEEN {from_cut:UInt64} AND {to_cut:UInt64} GROUP BY cut
    UNION ALL
    SELECT cut, 'surveys', 0, count() FROM surveys WHERE cut BETWEEN {from_cut:UInt64} AND {to_cut:UInt64} GROUP BY cut
    UNION ALL
    SELECT cut, 'intents', 0, count() FROM intents WHERE cut BETWEEN {from_cut:UInt64} AND {to_cut:UInt64} GROUP BY cut
    UNION ALL
    SELECT e.cut, 'contacts', 0, countIf(c.newest >= e.version)
    FROM events AS e
    LEFT JOIN (SELECT tenant, contact, max(version) AS newest FROM contacts GROUP BY tenant, contact) AS c
        ON c.tenant = e.tenant AND c.contact = e.contact
    WHERE e.kind = 'contact_changed' AND e.cut BETWEEN {from_cut:UInt64} AND {to_cut:UInt64}
    GROUP BY e.cut
    UNION ALL
    SELECT e.cut, 'contact_ends', 0, countIf(c.newest >= e.version)
    FROM events AS e
    LEFT JOIN (SELECT tenant, contact, max(version) AS newest FROM contact_ends GROUP BY tenant, contact) AS c
        ON c.tenant = e.tenant AND c.contact = e.contact
    WHERE e.kind = 'contact_changed' AND JSONExtractInt(e.body, 'contact', 'ended_ms') > 0 AND e.cut BETWEEN {from_cut:UInt64} AND {to_cut:UInt64}
    GROUP BY e.cut
    UNION ALL
    SELECT e.cut, 'queue_cohorts', 0, countIf(c.newest >= e.offset)
    FROM events AS e
    LEFT JOIN (SELECT tenant, contact, max(offset) AS newest FROM queue_cohorts GROUP BY tenant, contact) AS c
        ON c.tenant = e.tenant AND c.contact = e.contact
    WHERE e.kind = 'queue_entry' AND e.cut BETWEEN {from_cut:UInt64} AND {to_cut:UInt64}
    GROUP BY e.cut
    UNION ALL
    SELECT e.cut, 'offer_outcomes', 0, countIf(c.newest >= e.version)
    FROM events AS e
    LEFT JOIN (SELECT tenant, contact, max(version) AS newest FROM offer_outcomes GROUP BY tenant, contact) AS c
        ON c.tenant = e.tenant AND c.contact = e.contact
    WHERE e.kind = 'offer_changed' AND e.cut BETWEEN {from_cut:UInt64} AND {to_cut:UInt64}
    GROUP BY e.cut
    UNION ALL
    SELECT e.cut, 'customers', 0, countIf(c.newest >= e.version)
    FROM events AS e
    LEFT JOIN (SELECT tenant, customer, max(version) AS newest FROM customers GROUP BY tenant, customer) AS c
        ON c.tenant = e.tenant AND c.customer = e.customer
    WHERE e.kind = 'profile_changed' AND e.cut BETWEEN {from_cut:UInt64} AND {to_cut:UInt64}
    GROUP BY e.cut
)
GROUP BY number, table
HAVING announced != counted
ORDER BY number, table
