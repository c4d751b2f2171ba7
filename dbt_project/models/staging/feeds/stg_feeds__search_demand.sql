select
    lower(trim(latest.engine)) as engine,
    latest.geography,
    {{ period_start('latest.week_start', 'week') }} as week_start_date,
    latest.brand_queries,
    latest.category_queries,
    coalesce(latest.query_version, '1') as query_version
from {{ latest_version(source('feeds', 'search_demand')) }}
