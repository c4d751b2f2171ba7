-- Eighty deals that entered a stage an hour apart.
select 'd' || i as deal_id, 'proposal' as stage_id,
    {as_of}::timestamp - to_hours(i::integer) as entered_at, 'CRM_UI' as source_type
from range(80) as rows(i)
