-- Two departments of twenty over twelve months.
select md5(d || i) as headcount_month_key,
    (date_trunc('month', {as_of}) - to_months(i::integer))::date as month_start_date,
    d as department_group, 20 as headcount, 19 as fte, 3 as social_fte
from range(12) as months(i), (values ('Sales'), ('Marketing')) as groups(d)
