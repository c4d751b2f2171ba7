-- One row per metric, grain (month to year; weeks of the whole; weeks or days of what has none of these), period and slice value, of slices only what changed: what was reported first of the whole period, what is said now. What corrections of figures lie behind a change is in marts.fct_restatements.
with complete as (
    select
        r.*,
        row_number() over (partition by metric_id, grain, period_start, slice_name, slice_value
            order by reported_at, run_id) as nth,
        row_number() over (partition by metric_id, grain, period_start, slice_name, slice_value
            order by reported_at desc, run_id desc) as nth_back,
        count(*) over (partition by metric_id, grain, period_start, slice_name, slice_value)
            as reports
    from ops.reported_values as r
    where is_complete or value is null
)
select
    f.metric_id, m.label as metric, m.unit, f.grain, f.period_start, f.slice_name, f.slice_value,
    f.value as first_value, cast(f.reported_at as date) as first_reported,
    l.value, l.value - f.value as difference, cast(l.reported_at as date) as last_reported,
    l.reports - 1 as restatements
from complete as f
join complete as l
    on f.metric_id = l.metric_id and f.grain = l.grain and f.period_start = l.period_start
    and f.slice_name = l.slice_name and f.slice_value = l.slice_value and l.nth_back = 1
join metrics.dim_metrics as m on f.metric_id = m.metric_id
where f.nth = 1 and f.value is not null
    and (f.slice_name = 'all' or l.value is null or f.value <> l.value)
order by f.metric_id, f.grain, f.period_start, f.slice_name, f.slice_value
