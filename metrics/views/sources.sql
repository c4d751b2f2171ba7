-- One row per table of a source: when it was last read, how new its newest row is, and the word for that. A source that is not configured is listed and judged by nothing.
select
    s.source, s.table_name, s.source || '.' || s.table_name as feed,
    case s.status when 'fresh' then 'Fresh' when 'stale' then 'Stale' when 'failed' then 'Failed'
        else 'Not configured' end as status,
    case s.status when 'failed' then 1 when 'stale' then 2 when 'fresh' then 3 else 4 end
        as status_order,
    s.owner as owner_role, coalesce(o.display_name, 'nobody') as owner,
    s.freshness_days as days_allowed, s.last_event_date,
    cast(p.as_of - s.last_event_date as integer) as age_days, s.last_loaded_at,
    coalesce(s.reason, '') as reason
from ingest.sources as s
cross join ops.publication as p
left join (
    select role, min(display_name) as display_name from marts.dim_owners
    where is_current group by role
) as o on s.owner = o.role
order by status_order, feed
