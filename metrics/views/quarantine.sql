-- One row per table, field and reason: rows that were kept out, counted. Refused values are not repeated here.
select
    source || '.' || table_name as feed, coalesce(field, '') as field, reason, rows_quarantined,
    first_seen_at, last_seen_at, cast(last_seen_at as date) as last_seen_date
from ingest.quarantine_counts
order by rows_quarantined desc, 1, 2, 3
