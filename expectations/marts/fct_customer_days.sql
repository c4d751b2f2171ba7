-- One customer more every day.
select md5(i::varchar) as customer_day_key, {as_of} - i::integer as date_day,
    500 - i as active_customers, 2 as new_customers, 1 as churned_customers
from range(90) as rows(i)
