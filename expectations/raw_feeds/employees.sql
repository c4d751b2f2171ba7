-- Thirty people of one department with one manager.
select 'hris' as system, 'e' || i as employee_id_hash, 'Marketing' as department,
    {two_years_ago} + i::integer as hired_on, case when i % 10 = 1 then {month_ago} end as left_on,
    'boss' as manager_id_hash, 1.0 as fte, 'functional' as social_role, 0.2 as social_allocation
from range(30) as rows(i)
