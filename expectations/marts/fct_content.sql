-- Thirty pieces, ten days each.
select md5(i::varchar) as content_key, 'w' || i as content_id, 500 as cost_reporting,
    400 as internal_cost_reporting, 100 as external_cost_reporting, 10 as cycle_days,
    'content_lead' as owner_role
from range(30) as rows(i)
