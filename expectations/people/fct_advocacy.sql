-- Six months, twenty may, eight do.
select md5(i::varchar) as advocacy_month_key,
    (date_trunc('month', {as_of}) - to_months(i::integer))::date as month_start_date,
    'Sales' as department_group, 20 as eligible, 8 as participants, 40 as posts,
    false as is_suppressed
from range(6) as months(i)
