select
    latest.system as source_system,
    latest.customer_id,
    {{ period_start('latest.month', 'month') }} as month_start_date,
    latest.recurring_revenue,
    upper(trim(latest.currency)) as currency
from {{ latest_version(source('feeds', 'recurring_revenue')) }}
