select
    latest.ledger,
    {{ period_start('latest.month', 'month') }} as month_start_date,
    latest.revenue,
    latest.cost_of_goods,
    latest.operating_expenses,
    latest.workforce_cost,
    latest.sales_marketing_cost,
    upper(trim(latest.currency)) as currency
from {{ latest_version(source('feeds', 'finance_months')) }}
