-- Sixty orders, one a day.
select 'erp' as system, 'r' || i as order_id, {as_of} - i::integer as ordered_on,
    'k1' as customer_id, 2000 as amount, 900 as cost_of_goods, 'EUR' as currency, 'order' as period
from range(60) as rows(i)
