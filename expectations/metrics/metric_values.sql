-- An additive count with its two slices and a share, over twelve months.
select 'count' as metric_id, 'month' as grain,
    (date_trunc('month', {as_of}) - to_months(i::integer))::date as period_start,
    slice_name, slice_value, value::double as value, null::double as numerator,
    null::double as denominator, value::bigint as n, null::double as low, null::double as high,
    true as is_complete, 'fresh' as trust, 'read today' as trust_reason
from range(12) as months(i),
    (values ('all', 'all', 100), ('channel', 'tv', 60), ('channel', 'events', 40))
        as slices(slice_name, slice_value, value)
union all
select 'share', 'month', (date_trunc('month', {as_of}) - to_months(i::integer))::date, 'all', 'all',
    0.25, 25, 100, 100, 0.17, 0.34, true, 'fresh', 'read today'
from range(12) as months(i)
