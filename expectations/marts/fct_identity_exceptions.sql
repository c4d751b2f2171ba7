-- Ten doubts, one of them decided.
select md5(i::varchar) as exception_key, case when i < 8 then 'same_handle' else 'conflicting_companies' end
    as exception_kind, 'hubspot:' || i as contact_reference, 'dealer:' || i as other_reference,
    'email' as key_kind, 2 as records, 0.99 as confidence, {month_ago} as known_since, i >= 8 as is_merged,
    case when i = 0 then 'decided' else 'open' end as review_status,
    case when i = 0 then '17' end as decision_id
from range(10) as rows(i)
