-- Every conversion is handed out once in every model: credit sums to one, revenue to the deal's, exactly.
with handed_out as (
    select
        conversion_kind,
        conversion_id,
        model,
        sum(credit) as credit,
        sum(revenue_reporting) as revenue_reporting
    from {{ ref('fct_attribution') }}
    group by conversion_kind, conversion_id, model
),

models as (
    select distinct model from {{ ref('fct_attribution') }}
)

select
    conversions.conversion_kind,
    conversions.conversion_id,
    models.model
from ({{ conversions() }}) as conversions
cross join models
left join handed_out
    on
        conversions.conversion_kind = handed_out.conversion_kind
        and conversions.conversion_id = handed_out.conversion_id
        and models.model = handed_out.model
where
    handed_out.conversion_id is null
    or abs(handed_out.credit - 1) > 0.000000001
    or handed_out.revenue_reporting is distinct from conversions.revenue_reporting
