-- Twenty absences of two days each.
select 'hris' as system, 'a' || i as absence_id, 'e' || (i % 12) as employee_id_hash,
    {month_ago} - i::integer as starts_on, {month_ago} - i::integer + 1 as ends_on,
    2 as days, 16 as hours, 'holiday' as kind, 'approved' as status
from range(20) as rows(i)
