-- An order a day over 120 days.
select md5(i::varchar) as order_key, 'r' || i as order_id, {as_of} - i::integer as ordered_date,
    2000 as amount, 'EUR' as currency, 2000 as amount_reporting, 900 as cost_of_goods_reporting,
    1.0 as fx_rate
from range(120) as rows(i)
