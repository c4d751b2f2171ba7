-- On every day and by every rule what channels get and what is unattributed are the conversions that happened
-- and, to the last digit, their revenue.
with handed_out as (
    select
        conversion_kind,
        converted_date,
        model,
        sum(credit) as credit,
        sum(revenue_reporting) as revenue_reporting
    from {{ ref('fct_credit_days') }}
    group by conversion_kind, converted_date, model
),

happened as (
    select
        conversion_kind,
        converted_date,
        count(*) as conversions,
        sum(revenue_reporting) as revenue_reporting
    from ({{ conversions() }}) as conversions
    group by conversion_kind, converted_date
),

models as (
    {%- for model in path_models() + chain_models() %}
    select '{{ model }}' as model{% if not loop.last %} union all{% endif %}
    {%- endfor %}
)

select
    happened.*,
    models.model,
    handed_out.credit,
    handed_out.revenue_reporting as revenue_handed_out
from happened
cross join models
left join handed_out
    on
        happened.conversion_kind = handed_out.conversion_kind
        and happened.converted_date = handed_out.converted_date
        and models.model = handed_out.model
where
    handed_out.credit is null
    or abs(handed_out.credit - happened.conversions) > 0.000000001
    or handed_out.revenue_reporting is distinct from happened.revenue_reporting
