-- Twenty people, one training each.
select 'lms' as system, 'e' || i as employee_id_hash, 'Social basics' as training,
    {month_ago} - i::integer as completed_on, 'social' as topic, 4 as hours, 100 as cost,
    'EUR' as currency, {next_year} as valid_until
from range(20) as rows(i)
