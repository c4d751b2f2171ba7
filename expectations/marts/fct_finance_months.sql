-- One ledger, twelve months.
select md5(i::varchar) as finance_month_key, 'ledger' as ledger,
    (date_trunc('month', {as_of}) - to_months((i + 1)::integer))::date as month_start_date, 1000000 as revenue,
    1000000 as revenue_reporting, 950000 as operating_expenses_reporting, 420000 as workforce_cost_reporting,
    120000 as sales_marketing_cost_reporting, 'EUR' as currency
from range(12) as months(i)
