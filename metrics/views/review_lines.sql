-- One row per metric of the weekly review, inputs before outputs: its last complete week on the one before and on the same ISO week of the year before; month, fiscal quarter and fiscal year to date on the same stretch of the year before and on the goal's plan. Every stretch is asked anew, none is added up; what comes by months or weeks is told of stretches that end with one.
with clock as (
    select
        p.as_of,
        cast(date_trunc('week', p.as_of + 1) - interval 7 day as date) as last_week,
        p.reporting_currency
    from ops.publication as p
),
whole as (
    select metric_id, grain, period_start, value, numerator, denominator, is_complete
    from metrics.metric_values
    where slice_name = 'all' and grain <> 'day'
        and (coalesce(trust, '') <> 'stale' or not is_complete)
),
plans as (
    select metric_id, grain, period_start, max(plan_to_date) as plan
    from metrics.goal_plans
    where slice = 'all'
    group by metric_id, grain, period_start
    having count(*) = 1
),
to_date_ as (
    select
        v.metric_id, s.grain, v.value, g.plan,
        case when s.is_over and s.is_calendar then y.value else t.value end as before
    from metrics.stretches as s
    join (
        select metric_id, grain, period_start, value, true as is_calendar from whole
        union all
        select metric_id, grain, null, value, false from metrics.metric_stretches where is_now
    ) as v
        on s.grain = v.grain and s.is_calendar = v.is_calendar
        and (not v.is_calendar or s.first_day = v.period_start)
    left join whole as y
        on v.metric_id = y.metric_id and y.grain = s.grain and y.period_start = s.first_before
    left join metrics.metric_stretches as t
        on v.metric_id = t.metric_id and t.grain = s.grain and not t.is_now
    left join plans as g
        on v.metric_id = g.metric_id and g.grain = s.grain and g.period_start = s.first_day
),
wide as (
    select
        metric_id,
        max(case grain when 'month' then value end) as month_value,
        max(case grain when 'month' then before end) as month_before,
        max(case grain when 'month' then plan end) as month_plan,
        max(case grain when 'quarter' then value end) as quarter_value,
        max(case grain when 'quarter' then before end) as quarter_before,
        max(case grain when 'quarter' then plan end) as quarter_plan,
        max(case grain when 'year' then value end) as year_value,
        max(case grain when 'year' then before end) as year_before,
        max(case grain when 'year' then plan end) as year_plan
    from to_date_
    group by metric_id
),
weeks as (
    select
        v.metric_id, v.value, b.value as previous_value, y.value as year_before_value
    from clock as c
    join whole as v on v.grain = 'week' and v.is_complete and v.period_start = c.last_week
    left join whole as b
        on v.metric_id = b.metric_id and b.grain = 'week'
        and b.period_start = c.last_week - interval 7 day
    left join whole as y
        on v.metric_id = y.metric_id and y.grain = 'week'
        and y.period_start = same_iso_week(c.last_week)
)
select
    m.metric_id, m.label as metric, m.amec as level,
    case m.amec when 'input' then 1 when 'activity' then 2 when 'output' then 3
        when 'outtake' then 4 when 'outcome' then 5 else 6 end as level_order,
    coalesce(m.owner_name, 'nobody') as owner, m.owner_role, m.unit,
    c.last_week as period_start, k.value, k.previous_value, k.year_before_value,
    w.month_value, w.month_before, w.month_plan, w.quarter_value, w.quarter_before, w.quarter_plan,
    w.year_value, w.year_before, w.year_plan,
    coalesce(said(k.value, m.unit, c.reporting_currency), '') as week_text,
    coalesce(changed(k.value, k.previous_value, m.unit, c.reporting_currency), '') as wow_text,
    coalesce(changed(k.value, k.year_before_value, m.unit, c.reporting_currency), '')
        as week_yoy_text,
    coalesce(said(w.month_value, m.unit, c.reporting_currency), '') as month_text,
    coalesce(changed(w.month_value, w.month_before, m.unit, c.reporting_currency), '')
        as month_yoy_text,
    coalesce(changed(w.month_value, w.month_plan, m.unit, c.reporting_currency), '')
        as month_plan_text,
    coalesce(said(w.quarter_value, m.unit, c.reporting_currency), '') as quarter_text,
    coalesce(changed(w.quarter_value, w.quarter_before, m.unit, c.reporting_currency), '')
        as quarter_yoy_text,
    coalesce(changed(w.quarter_value, w.quarter_plan, m.unit, c.reporting_currency), '')
        as quarter_plan_text,
    coalesce(said(w.year_value, m.unit, c.reporting_currency), '') as year_text,
    coalesce(changed(w.year_value, w.year_before, m.unit, c.reporting_currency), '')
        as year_yoy_text,
    coalesce(changed(w.year_value, w.year_plan, m.unit, c.reporting_currency), '')
        as year_plan_text,
    coalesce(s.signal, 'No weekly chart') as signal, t.trust
from metrics.dim_metrics as m
cross join clock as c
join wide as w on m.metric_id = w.metric_id
left join weeks as k on m.metric_id = k.metric_id
left join dashboards.signals as s on m.metric_id = s.metric_id and m.label = s.metric
left join metrics.metric_trust as t on m.metric_id = t.metric_id
order by level_order, m.label
