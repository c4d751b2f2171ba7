-- One row per metric and point of its weekly review: the last six complete weeks, then the last twelve complete months, with the year before and the goal's plan. Weeks stand against the same ISO week, so a week 53 may have no year before. Months are asked anew from their own window: distinct people and stocks are never summed over weeks. Unknown is empty.
with clock as (
    select p.as_of, p.as_of + 1 as next_day from ops.publication as p
),
points as (
    select
        'week' as grain, 7 - n as place,
        cast(date_trunc('week', c.next_day) - to_days(7 * n) as date) as period_start
    from clock as c, generate_series(1, 6) as t(n)
    union all
    select
        'month', 19 - n,
        cast(date_trunc('month', c.next_day) - to_months(cast(n as integer)) as date)
    from clock as c, generate_series(1, 12) as t(n)
),
kept as (
    select metric_id, grain, period_start, value, trust
    from metrics.metric_values
    where slice_name = 'all' and grain in ('week', 'month') and is_complete
        and coalesce(trust, '') <> 'stale'
),
reviewed as (
    select distinct metric_id from kept
),
plans as (
    select metric_id, grain, period_start, max(plan) as plan
    from metrics.goal_plans
    where slice = 'all'
    group by metric_id, grain, period_start
    having count(*) = 1
)
select
    m.metric_id, m.label as metric, m.unit, t.grain, t.place, t.period_start,
    case t.grain when 'week' then 'W' || lpad(cast(weekofyear(t.period_start) as varchar), 2, '0')
        else strftime(t.period_start, '%b %Y') end as point,
    v.value, y.value as year_before_value, g.plan, coalesce(s.is_signal, false) as is_signal,
    v.trust
from reviewed as r
join metrics.dim_metrics as m on r.metric_id = m.metric_id
cross join points as t
left join kept as v
    on r.metric_id = v.metric_id and t.grain = v.grain and t.period_start = v.period_start
left join kept as y
    on r.metric_id = y.metric_id and t.grain = y.grain
    and y.period_start = case t.grain when 'week' then same_iso_week(t.period_start)
        else cast(t.period_start - interval 1 year as date) end
left join plans as g
    on r.metric_id = g.metric_id and t.grain = g.grain and t.period_start = g.period_start
left join metrics.metric_signals as s
    on r.metric_id = s.metric_id and s.slice_name = 'all' and t.grain = 'week'
    and t.period_start = s.week_start
order by m.label, t.place
