{# Net revenue retention: what the customers of twelve months ago pay now. The cohort is fixed at its start:
   who came since is not in it, who left stays in it with nothing. Both sides at the opening month's rate, so
   that exchange rates are not taken for growth. #}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

paid as (
    select
        billed.source_system,
        billed.customer_id,
        billed.month_start_date,
        billed.currency,
        sum(billed.recurring_revenue) as amount
    from {{ ref('stg_feeds__recurring_revenue') }} as billed
    cross join organization
    where cast({{ dbt.last_day('billed.month_start_date', 'month') }} as date) <= organization.as_of
    group by billed.source_system, billed.customer_id, billed.month_start_date, billed.currency
),

billed_months as (
    select distinct
        source_system,
        month_start_date
    from paid
),

opening as (
    select
        paid.source_system,
        paid.customer_id,
        closing_months.month_start_date,
        cast({{ dbt.last_day('paid.month_start_date', 'month') }} as date) as priced_on,
        count(*) as amounts,
        count(rates.fx_rate) as amounts_priced,
        sum({{ at_rate('paid.amount', 'rates.fx_rate') }}) as opened
    from paid
    -- A month that a billing system has not delivered is unknown; it is not one in which everybody left.
    inner join billed_months as closing_months
        on
            paid.source_system = closing_months.source_system
            and closing_months.month_start_date
            = cast({{ dbt.dateadd('month', 12, 'paid.month_start_date') }} as date)
    left join {{ ref('int_fx_rates_filled') }} as rates
        on
            paid.currency = rates.currency
            and cast({{ dbt.last_day('paid.month_start_date', 'month') }} as date) = rates.date_day
    where paid.amount > 0
    group by paid.source_system, paid.customer_id, closing_months.month_start_date, paid.month_start_date
),

priced as (
    select
        opening.month_start_date,
        opening.source_system,
        opening.customer_id,
        opening.opened,
        opening.amounts = opening.amounts_priced and count(paid.amount) = count(rates.fx_rate) as is_priced,
        coalesce(sum({{ at_rate('paid.amount', 'rates.fx_rate') }}), 0) as closed
    from opening
    left join paid
        on
            opening.source_system = paid.source_system
            and opening.customer_id = paid.customer_id
            and opening.month_start_date = paid.month_start_date
            and paid.amount is not null
    left join {{ ref('int_fx_rates_filled') }} as rates
        on paid.currency = rates.currency and opening.priced_on = rates.date_day
    group by
        opening.month_start_date, opening.source_system, opening.customer_id, opening.opened, opening.amounts,
        opening.amounts_priced
),

-- Who cannot be priced on both sides is left out of both, and counted.
cohort as (
    select
        month_start_date,
        case when is_priced then opened end as opened,
        case when is_priced then closed end as closed
    from priced
)

select
    {{ surrogate_key(['month_start_date']) }} as retention_month_key,
    month_start_date,
    {{ as_type('count(opened)', 'integer') }} as customers_opening,
    {{ as_type('count(*) - count(opened)', 'integer') }} as customers_unpriced,
    {{ as_type('sum(opened)', 'money') }} as opening_revenue_reporting,
    {{ as_type('sum(case when closed > opened then closed - opened else 0 end)', 'money') }} as expansion_reporting,
    {{ as_type('sum(case when closed > 0 and closed < opened then opened - closed else 0 end)', 'money') }}
        as contraction_reporting,
    {{ as_type('sum(case when closed = 0 then opened else 0 end)', 'money') }} as churned_reporting,
    {{ as_type('sum(closed)', 'money') }} as closing_revenue_reporting
from cohort
group by month_start_date
