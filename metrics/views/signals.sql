-- One row per weekly series: all of a metric, or a slice that a goal names. Whether it left its natural process limits in its newest week, which rule says so and since when; a series without limits says why. expected_false is what chance alone would have signalled in the judged weeks.
with newest as (
    select
        s.*,
        row_number() over (
            partition by s.metric_id, s.slice_name, s.slice_value order by s.week_start desc
        ) as place
    from metrics.metric_signals as s
),
calm as (
    select metric_id, slice_name, slice_value, max(week_start) as week_start
    from metrics.metric_signals
    where not is_signal
    group by metric_id, slice_name, slice_value
),
begun as (
    select s.metric_id, s.slice_name, s.slice_value, min(s.week_start) as week_start
    from metrics.metric_signals as s
    left join calm as c
        on s.metric_id = c.metric_id and s.slice_name = c.slice_name
        and s.slice_value = c.slice_value
    where c.week_start is null or s.week_start > c.week_start
    group by s.metric_id, s.slice_name, s.slice_value
),
judged as (
    select
        metric_id, slice_name, slice_value, cast(sum(weeks_judged) as bigint) as weeks_judged,
        cast(sum(weeks_signalled) as bigint) as weeks_signalled, sum(expected_false) as expected_false
    from metrics.metric_signal_charts
    group by metric_id, slice_name, slice_value
)
select
    c.metric_id,
    m.label || case when c.slice_name = 'all' then ''
        else ' (' || replace(c.slice_name, '_', ' ') || ': ' || c.slice_value || ')' end as metric,
    m.unit, coalesce(m.owner_name, 'nobody') as owner, m.owner_role,
    case when not c.is_charted then 'No limits' when n.is_signal then 'Signal' else 'Quiet' end
        as signal,
    case when not c.is_charted then 3 when n.is_signal then 1 else 2 end as signal_order,
    case
        when not c.is_charted then c.reason
        when n.is_outside then 'Outside its limits, ' || n.side || '.'
        when n.is_run then 'Eight weeks ' || n.side || ' the centre.'
        when n.is_near_limit then 'Three of four weeks nearer a limit than the centre.'
        else 'Within its limits: do not ask why.'
    end as says,
    case when n.is_signal then b.week_start end as signal_since,
    n.week_start as period_start, n.value,
    n.centre, n.lower_limit as limit_low, n.upper_limit as limit_high,
    said(n.value, m.unit, p.reporting_currency) as value_text,
    said(n.lower_limit, m.unit, p.reporting_currency) || ' to '
        || said(n.upper_limit, m.unit, p.reporting_currency) as limits_text,
    coalesce(n.verdict, case when n.is_signal then 'no verdict' end) as verdict,
    replace(replace(c.chart, '_prime', '′'), '_', ' ') as chart_kind,
    replace(c.adjustment, '_', ' ')
        || case when c.is_charted and c.reason is not null then ': ' || c.reason else '' end
        as adjustment,
    c.baseline_from, c.baseline_weeks, c.autocorrelation, coalesce(c.cause, '') as cause,
    j.weeks_judged, j.weeks_signalled, j.expected_false
from metrics.metric_signal_charts as c
join metrics.dim_metrics as m on c.metric_id = m.metric_id
cross join ops.publication as p
join judged as j
    on c.metric_id = j.metric_id and c.slice_name = j.slice_name and c.slice_value = j.slice_value
left join newest as n
    on c.metric_id = n.metric_id and c.slice_name = n.slice_name
    and c.slice_value = n.slice_value and c.baseline_from = n.baseline_from and n.place = 1
left join begun as b
    on c.metric_id = b.metric_id and c.slice_name = b.slice_name and c.slice_value = b.slice_value
where c.is_current
order by signal_order, metric
