{# At the rate of the month's last day (of as_of in its month). #}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

months as (
    select
        books.*,
        least(cast({{ dbt.last_day('books.month_start_date', 'month') }} as date), organization.as_of) as priced_on
    from {{ ref('stg_feeds__finance_months') }} as books
    cross join organization
    where books.month_start_date <= organization.as_of
)

select
    {{ surrogate_key(['months.ledger', 'months.month_start_date']) }} as finance_month_key,
    months.ledger,
    months.month_start_date,
    {%- for amount in ['revenue', 'cost_of_goods', 'operating_expenses', 'workforce_cost', 'sales_marketing_cost'] %}
    months.{{ amount }},
    {{ at_rate('months.' ~ amount, 'rates.fx_rate') }} as {{ amount }}_reporting,
    {%- endfor %}
    months.currency,
    rates.fx_rate,
    rates.fx_rate_date
from months
left join {{ ref('int_fx_rates_filled') }} as rates
    on months.currency = rates.currency and months.priced_on = rates.date_day
