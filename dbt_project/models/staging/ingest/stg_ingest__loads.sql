select
    loads.load_id,
    loads.run_id,
    loads.source,
    loads.table_name,
    loads.status,
    loads.rows_fetched,
    loads.rows_loaded,
    loads.rows_new,
    loads.rows_quarantined,
    loads.error,
    loads.started_at,
    loads.loaded_at
from {{ source('ingest', 'loads') }} as loads
