-- Twelve months, twenty people, thirty days away.
select md5(i::varchar) as absence_month_key,
    (date_trunc('month', {as_of}) - to_months(i::integer))::date as month_start_date,
    'Sales' as department_group, 20 as people, 30 as absent_days, 400 as contracted_days,
    false as is_suppressed
from range(12) as months(i)
