{# What sales and marketing cost three months ago beside the customers who came this month: about the time
   from first contact to contract. Blended: all cost, all new customers. #}
{%- set lag_months = 3 %}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

ledgers as (
    select
        ledger,
        min(month_start_date) as first_month,
        max(month_start_date) as last_month
    from {{ ref('fct_finance_months') }}
    group by ledger
),

booked as (
    select
        month_start_date,
        count(sales_marketing_cost_reporting) as ledgers_known,
        sum(sales_marketing_cost_reporting) as cost_reporting
    from {{ ref('fct_finance_months') }}
    group by month_start_date
),

-- A month in which one ledger of several is not booked, or has no rate, has no cost that could be compared.
costs as (
    select
        booked.month_start_date,
        case when booked.ledgers_known = count(ledgers.ledger) then booked.cost_reporting end as cost_reporting
    from booked
    inner join ledgers on booked.month_start_date between ledgers.first_month and ledgers.last_month
    group by booked.month_start_date, booked.ledgers_known, booked.cost_reporting
),

-- Whole months only: one in progress would set a month's cost against some days' customers.
customers as (
    select
        {{ period_start('days.date_day', 'month') }} as month_start_date,
        sum(days.new_customers) as new_customers
    from {{ ref('fct_customer_days') }} as days
    cross join organization
    where cast({{ dbt.last_day('days.date_day', 'month') }} as date) <= organization.as_of
    group by {{ period_start('days.date_day', 'month') }}
)

select
    {{ surrogate_key(['customers.month_start_date']) }} as acquisition_month_key,
    customers.month_start_date,
    {{ as_type('customers.new_customers', 'integer') }} as new_customers,
    cast({{ dbt.dateadd('month', -1 * lag_months, 'customers.month_start_date') }} as date) as cost_month_start_date,
    {{ as_type('costs.cost_reporting', 'money') }} as sales_marketing_cost_reporting
from customers
left join costs
    on costs.month_start_date = cast({{ dbt.dateadd('month', -1 * lag_months, 'customers.month_start_date') }} as date)
