-- Six months, nine people with a part of their time each.
select md5(role || i) as social_role_key,
    (date_trunc('month', {as_of}) - to_months(i::integer))::date as month_start_date,
    'Marketing' as department_group, role as social_role, 9 as people, 4 as social_fte,
    false as is_suppressed
from range(6) as months(i), (values ('functional'), ('strategic')) as roles(role)
