-- Thirty people of one department with one manager; the second left a month ago.
select 'e' || i as employee_id_hash, 'h' || i as email_hash, 'Marketing' as department,
    {two_years_ago} + i::integer as hired_on, case when i = 1 then {month_ago} end as left_on,
    case when i = 1 then 'Inactive' else 'Active' end as status, 'boss' as manager_id_hash,
    1.0 as fte
from range(30) as rows(i)
