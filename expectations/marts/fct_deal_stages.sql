-- Twenty deals, ten days in one stage.
select md5(i::varchar) as deal_stage_key, 'd' || i as deal_id, 'proposal' as stage,
    ({as_of} - (i + 12)::integer)::timestamp as entered_at, 10 as days_in_stage
from range(20) as rows(i)
