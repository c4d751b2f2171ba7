{# How old the newest event of each raw table is when as_of ends. By the event, not by the load: a table that
   is restated every night and has no new days is old. #}
with organization as (
    select as_of from {{ ref('int_organization') }}
)

select
    {{ surrogate_key(['sources.source', 'sources.table_name']) }} as source_freshness_key,
    organization.as_of as date_day,
    sources.source,
    sources.source || '.' || sources.table_name as source_table_name,
    sources.last_event_date,
    sources.freshness_days,
    {{ as_type('greatest(0, 24 * ' ~ days_between('sources.last_event_date', 'organization.as_of') ~ ')', 'number') }}
        as event_age_hours
from {{ ref('stg_ingest__sources') }} as sources
cross join organization
where
    sources.is_configured
    and sources.last_event_date is not null
    -- Without a promise there is nothing to be late for: a yearly survey is not stale in spring.
    and sources.freshness_days is not null
