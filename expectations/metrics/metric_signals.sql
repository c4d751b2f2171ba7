-- Two quiet series of two years.
select metric_id, 'all' as slice_name, 'all' as slice_value,
    (date_trunc('week', {as_of}) - to_days((7 * i)::integer))::date as week_start,
    100.0::double as value, 100.0::double as centre, 80.0::double as lower_limit,
    120.0::double as upper_limit, false as is_outside, false as is_run, false as is_near_limit,
    false as is_signal
from range(104) as weeks(i), (values ('count'), ('share')) as series(metric_id)
