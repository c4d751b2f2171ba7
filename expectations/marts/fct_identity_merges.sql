-- Thirty merges by an address, one of them undone.
select md5(i::varchar) as merge_key, 'p' || i as contact_id, 'hubspot:' || i as kept_reference,
    'dealer:' || i as merged_reference, 'email' as key_kind, 'own' as evidence,
    'hubspot' as said_by, 'dealer' as other_said_by, 0.99 as confidence,
    {month_ago} as known_since, case when i = 0 then 'undone' else 'merged' end as merge_status,
    case when i = 0 then '17' end as decision_id, case when i = 0 then 'Father and son' end as
    decision_reason, case when i = 0 then {week_ago} end as undone_date
from range(30) as rows(i)
