-- Sixty closed deals, every second one won, forty days each.
select md5(i::varchar) as deal_key, 'd' || i as deal_id, true as is_closed, i % 2 = 0 as is_won,
    8000 as amount, 'EUR' as currency, 8000 as amount_reporting, 1.0 as fx_rate,
    {as_of} - (i + 42)::integer as created_date, {as_of} - (i + 2)::integer as closed_date,
    40 as sales_cycle_days
from range(60) as rows(i)
