-- Twenty deals, one stage of ten days.
select 'crm' as system, 'd' || i as deal_id, 'proposal' as stage,
    ({as_of} - (i + 12)::integer)::timestamp as entered_at,
    ({as_of} - (i + 2)::integer)::timestamp as left_at
from range(20) as rows(i)
