{# What a service reports is sampled and rescaled from export to export, but brand and category come on one
   scale: their share of the week can be compared with the share of the first 52 weeks of the same words. #}
select
    {{ surrogate_key(['weeks.engine', 'weeks.geography', 'weeks.query_version', 'weeks.week_start_date']) }}
        as search_demand_key,
    weeks.engine,
    weeks.geography,
    weeks.query_version,
    weeks.week_start_date,
    weeks.brand_queries,
    weeks.category_queries,
    base_shares.base_share,
    -- What the brand would have at the share of its first year; with fewer than 52 weeks there is no base.
    case
        when base_shares.base_weeks = 52 and base_shares.base_share > 0
            then {{ rounded('weeks.category_queries * base_shares.base_share', 6) }}
    end as brand_queries_expected
from {{ ref('stg_feeds__search_demand') }} as weeks
left join {{ ref('int_search_base_shares') }} as base_shares
    on
        weeks.engine = base_shares.engine
        and weeks.geography = base_shares.geography
        and weeks.query_version = base_shares.query_version
