select
    sources.source,
    sources.table_name,
    sources.owner as owner_role,
    sources.is_configured,
    sources.freshness_days,
    sources.last_event_date,
    sources.last_loaded_at,
    sources.status,
    sources.reason
from {{ source('ingest', 'sources') }} as sources
