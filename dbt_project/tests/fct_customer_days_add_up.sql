-- Today's customers are yesterday's plus the new ones minus those who left.
select
    date_day,
    active_customers
from (
    select
        date_day,
        active_customers,
        new_customers,
        churned_customers,
        lag(active_customers) over (order by date_day) as active_before
    from {{ ref('fct_customer_days') }}
) as days
where active_customers <> active_before + new_customers - churned_customers
