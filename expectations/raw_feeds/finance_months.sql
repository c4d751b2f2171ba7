-- Two ledgers, twelve months.
select 'ledger' || l as ledger, (date_trunc('month', {as_of}) - to_months((i + 1)::integer))::date as month,
    1000000 as revenue, 400000 as cost_of_goods, 950000 as operating_expenses, 420000 as workforce_cost,
    120000 as sales_marketing_cost, 'EUR' as currency
from range(2) as ledgers(l), range(12) as months(i)
