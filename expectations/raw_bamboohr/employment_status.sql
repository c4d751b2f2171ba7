-- Twelve people who left by their own will.
select 'e' || i as employee_id_hash, {month_ago} - i::integer as effective_on,
    'Terminated' as employment_status, 'Resignation (Voluntary)' as termination_type
from range(12) as rows(i)
