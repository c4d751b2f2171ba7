-- Three tools, twelve months.
select 'tool' || t as tool, date_trunc('month', {as_of} - (30 * i)::integer)::date as month,
    'listening' as capability, 20 as seats, 12 as seats_active, 800 as cost, 'EUR' as currency,
    5000 as records, 4000 as records_with_key, 3000 as records_matched
from range(3) as tools(t), range(12) as months(i)
