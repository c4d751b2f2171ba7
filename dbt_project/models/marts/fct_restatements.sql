{# What we said then, what we say now. #}
select
    {{ surrogate_key(['table_name', 'row_key', 'column_name', 'version_number']) }} as restatement_key,
    table_name,
    row_key,
    row_label,
    event_date,
    column_name,
    value_before,
    value_after,
    said_at,
    corrected_at
from {{ ref('stg_feeds__restatements') }}
