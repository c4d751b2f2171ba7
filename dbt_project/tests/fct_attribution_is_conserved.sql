-- Every won deal is handed out once in every model: credit sums to one, revenue to the deal's, exactly.
with handed_out as (
    select
        conversion_id,
        model,
        sum(credit) as credit,
        sum(revenue_reporting) as revenue_reporting
    from {{ ref('fct_attribution') }}
    group by conversion_id, model
),

models as (
    select distinct model from {{ ref('fct_attribution') }}
)

select
    deals.deal_id,
    models.model
from {{ ref('fct_deals') }} as deals
cross join models
left join handed_out on deals.deal_id = handed_out.conversion_id and models.model = handed_out.model
where
    deals.is_won
    and deals.closed_date is not null
    and (
        handed_out.conversion_id is null
        or abs(handed_out.credit - 1) > 0.000000001
        or handed_out.revenue_reporting is distinct from deals.amount_reporting
    )
