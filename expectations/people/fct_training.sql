-- Four quarters, twenty people, eight of them trained.
select md5(i::varchar) as training_quarter_key,
    (date_trunc('quarter', {as_of}) - to_months((3 * i)::integer))::date as quarter_start_date,
    'Sales' as department_group, 20 as people, 80 as training_hours,
    2000 as training_cost_reporting, 8 as trained_in_social, false as is_suppressed
from range(4) as quarters(i)
