-- Ten weeks of a team of eight.
select md5(i::varchar) as workload_week_key,
    date_trunc('week', {as_of})::date - (7 * i)::integer as week_start_date, 'Care' as team,
    8 as people, 200 as inbound, 180 as answered, 12 as answered_after_hours,
    false as is_suppressed
from range(10) as weeks(i)
