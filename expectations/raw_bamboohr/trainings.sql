-- Twenty people, one training each.
select 't' || i as record_id, 'e' || i as employee_id_hash, 'Social basics' as training_type,
    'Social' as category, {month_ago} - i::integer as completed_on, 4 as hours, 100 as cost,
    'EUR' as currency, {next_year} as valid_until
from range(20) as rows(i)
