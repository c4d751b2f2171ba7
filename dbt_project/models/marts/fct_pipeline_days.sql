{# Every stretch adds its deal on its first day and takes it away after its last; running sums are the stock. #}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

spans as (
    select * from {{ ref('int_deal_spans_open') }}
),

changes as (
    select
        pipeline,
        open_from as date_day,
        1 as deals,
        amount_reporting,
        weighted_amount_reporting,
        case when amount_reporting is null then 1 else 0 end as unvalued,
        case when weighted_amount_reporting is null then 1 else 0 end as unweighted
    from spans
    union all
    select
        pipeline,
        open_to as date_day,
        -1 as deals,
        -amount_reporting,
        -weighted_amount_reporting,
        case when amount_reporting is null then -1 else 0 end as unvalued,
        case when weighted_amount_reporting is null then -1 else 0 end as unweighted
    from spans
),

by_day as (
    select
        pipeline,
        date_day,
        sum(deals) as deals,
        sum(amount_reporting) as amount_reporting,
        sum(weighted_amount_reporting) as weighted_amount_reporting,
        sum(unvalued) as unvalued,
        sum(unweighted) as unweighted
    from changes
    group by pipeline, date_day
),

pipelines as (
    select
        pipeline,
        min(date_day) as first_day
    from by_day
    group by pipeline
),

running as (
    select
        dates.date_day,
        pipelines.pipeline,
        sum(coalesce(by_day.deals, 0)) over (partition by pipelines.pipeline order by dates.date_day) as open_deals,
        sum(coalesce(by_day.amount_reporting, 0)) over (partition by pipelines.pipeline order by dates.date_day) as amount_reporting,
        sum(coalesce(by_day.weighted_amount_reporting, 0)) over (partition by pipelines.pipeline order by dates.date_day)
            as weighted_amount_reporting,
        sum(coalesce(by_day.unvalued, 0)) over (partition by pipelines.pipeline order by dates.date_day) as unvalued,
        sum(coalesce(by_day.unweighted, 0)) over (partition by pipelines.pipeline order by dates.date_day) as unweighted
    from pipelines
    cross join organization
    inner join {{ ref('dim_dates') }} as dates
        on dates.date_day between pipelines.first_day and organization.as_of
    left join by_day
        on
            pipelines.pipeline = by_day.pipeline
            and dates.date_day = by_day.date_day
)

select
    {{ surrogate_key(['date_day', 'pipeline']) }} as pipeline_day_key,
    date_day,
    pipeline,
    {{ as_type('open_deals', 'integer') }} as open_deals,
    -- Deals without a value are counted beside the sum; where none has one the sum is unknown.
    {{ as_type('case when open_deals = 0 or unvalued < open_deals then amount_reporting end', 'money') }}
        as open_amount_reporting,
    {{ as_type('case when open_deals = 0 or unweighted < open_deals then weighted_amount_reporting end', 'money') }}
        as weighted_amount_reporting,
    {{ as_type('unvalued', 'integer') }} as open_deals_unvalued,
    {{ as_type('unweighted', 'integer') }} as open_deals_unweighted
from running
