-- One row per weekly series and judged week: value, centre and natural process limits. Limits move where the denominator does and where the week is held against the year before.
select
    s.metric_id,
    m.label || case when s.slice_name = 'all' then ''
        else ' (' || replace(s.slice_name, '_', ' ') || ': ' || s.slice_value || ')' end as metric,
    m.unit, s.week_start as period_start, s.slice_name, s.slice_value, s.value, s.centre,
    s.lower_limit as limit_low, s.upper_limit as limit_high,
    case when s.is_signal then s.value end as signal_value, s.is_signal, s.in_baseline
from metrics.metric_signals as s
join metrics.dim_metrics as m on s.metric_id = m.metric_id
order by 1, 5, 6, 4
