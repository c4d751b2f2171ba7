-- One market, sixty weeks.
select md5(i::varchar) as search_demand_key, 'trends' as engine, 'GB' as geography, '1' as query_version,
    date_trunc('week', {as_of})::date - (7 * i + 7)::integer as week_start_date, 6.0 as brand_queries,
    90.0 as category_queries, 0.07 as base_share, 6.3 as brand_queries_expected
from range(60) as weeks(i)
