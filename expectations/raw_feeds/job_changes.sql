-- Twelve people who came and went.
select 'hris' as system, 'e' || i as employee_id_hash, kind,
    case kind when 'hire' then {year_ago} else {month_ago} end as changed_on,
    case kind when 'leave' then true end as is_voluntary
from range(12) as rows(i), (values ('hire'), ('leave')) as kinds(kind)
