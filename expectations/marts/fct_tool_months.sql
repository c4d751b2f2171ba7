-- Three tools, twelve months.
select md5(t || '-' || i) as tool_month_key, 'tool' || t as tool_id,
    date_trunc('month', {as_of} - (30 * i)::integer)::date as month_start_date, 20 as seats,
    12 as seats_active, 800 as cost, 'EUR' as currency, 800 as cost_reporting, 5000 as records,
    4000 as records_with_key, 3000 as records_matched
from range(3) as tools(t), range(12) as months(i)
