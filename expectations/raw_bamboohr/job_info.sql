-- Twelve people, one job each.
select 'e' || i as employee_id_hash, {year_ago} + i::integer as effective_on,
    'Engineer' as job_title, 'Engineering' as department
from range(12) as rows(i)
