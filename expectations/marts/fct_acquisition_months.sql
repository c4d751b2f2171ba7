-- Twelve months.
select md5(i::varchar) as acquisition_month_key,
    (date_trunc('month', {as_of}) - to_months((i + 1)::integer))::date as month_start_date, 12 as new_customers,
    (date_trunc('month', {as_of}) - to_months((i + 4)::integer))::date as cost_month_start_date,
    120000 as sales_marketing_cost_reporting
from range(12) as months(i)
