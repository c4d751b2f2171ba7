-- Twelve months.
select md5(i::varchar) as retention_month_key,
    (date_trunc('month', {as_of}) - to_months((i + 1)::integer))::date as month_start_date, 200 as customers_opening,
    0 as customers_unpriced, 100000 as opening_revenue_reporting, 9000 as expansion_reporting,
    4000 as contraction_reporting, 6000 as churned_reporting, 99000 as closing_revenue_reporting
from range(12) as months(i)
