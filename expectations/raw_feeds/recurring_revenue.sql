-- Thirty customers, fourteen months.
select 'billing' as system, 'k' || k as customer_id,
    (date_trunc('month', {as_of}) - to_months(i::integer))::date as month, 300 + k as recurring_revenue,
    'EUR' as currency
from range(30) as customers(k), range(14) as months(i)
