-- Four tables.
select md5(i::varchar) as source_freshness_key, {as_of} as date_day, 'feeds' as source,
    'feeds.t' || i as source_table_name, {yesterday} as last_event_date, 7 as freshness_days, 24.0 as event_age_hours
from range(4) as tables(i)
