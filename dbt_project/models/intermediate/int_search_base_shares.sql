{# The brand's share of the category's searches in the first 52 weeks of the same words. #}
with numbered as (
    select
        engine,
        geography,
        query_version,
        {{ safe_divide('brand_queries', 'category_queries') }} as brand_share,
        row_number() over (partition by engine, geography, query_version order by week_start_date) as week_number
    from {{ ref('stg_feeds__search_demand') }}
    where brand_queries is not null and category_queries > 0
)

select
    engine,
    geography,
    query_version,
    count(*) as base_weeks,
    {{ rounded('avg(brand_share)', 10) }} as base_share
from numbered
where week_number <= 52
group by engine, geography, query_version
