{# A customer is active from the day of the first contract until the day before the last one ends. A churn
   before the beginning contradicts itself and is not believed. #}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

customers as (
    select
        became_customer_on,
        case when churned_on >= became_customer_on then churned_on end as churned_on
    from {{ ref('dim_companies') }}
    where became_customer_on is not null
),

changes as (
    select
        became_customer_on as date_day,
        count(*) as new_customers,
        0 as churned_customers
    from customers
    group by became_customer_on
    union all
    select
        churned_on as date_day,
        0 as new_customers,
        count(*) as churned_customers
    from customers
    where churned_on is not null
    group by churned_on
),

first_dates as (
    select min(date_day) as date_day from {{ ref('dim_dates') }}
),

-- Customers from before the calendar begins are there on its first day, but not new on it.
by_day as (
    select
        case when changes.date_day < first_dates.date_day then first_dates.date_day else changes.date_day end
            as date_day,
        sum(changes.new_customers) as came,
        sum(changes.churned_customers) as went,
        sum(case when changes.date_day >= first_dates.date_day then changes.new_customers else 0 end) as new_customers,
        sum(case when changes.date_day >= first_dates.date_day then changes.churned_customers else 0 end)
            as churned_customers
    from changes
    cross join first_dates
    group by case when changes.date_day < first_dates.date_day then first_dates.date_day else changes.date_day end
),

bounds as (
    select min(date_day) as first_day from by_day
)

select
    {{ surrogate_key(['dates.date_day']) }} as customer_day_key,
    dates.date_day,
    {{ as_type(
        'sum(coalesce(by_day.came, 0) - coalesce(by_day.went, 0)) over (order by dates.date_day)', 'integer'
    ) }} as active_customers,
    {{ as_type('coalesce(by_day.new_customers, 0)', 'integer') }} as new_customers,
    {{ as_type('coalesce(by_day.churned_customers, 0)', 'integer') }} as churned_customers
from {{ ref('dim_dates') }} as dates
cross join organization
cross join bounds
left join by_day on dates.date_day = by_day.date_day
where dates.date_day between bounds.first_day and organization.as_of
