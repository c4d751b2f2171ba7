-- Two markets, sixty weeks.
select 'trends' as engine, case m when 0 then 'GB' else 'US' end as geography,
    date_trunc('week', {as_of})::date - (7 * i + 7)::integer as week_start, 6.0 as brand_queries,
    90.0 as category_queries, '1' as query_version
from range(2) as markets(m), range(60) as weeks(i)
