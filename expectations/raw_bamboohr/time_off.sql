-- Twenty requests of two days.
select 'a' || i as request_id, 'e' || (i % 12) as employee_id_hash, 'approved' as status,
    {month_ago} - i::integer as starts_on, {month_ago} - i::integer + 1 as ends_on,
    'Vacation' as kind, 2 as amount, 'days' as unit
from range(20) as rows(i)
