-- One row per metric of the weekly review, inputs before outputs: its last complete week on the one before and on the same ISO week of the year before; month, fiscal quarter and fiscal year to date on the same stretch of the year before and on the goal's plan. A stretch is added up only where that is the metric (sums, and ratios by their parts); a stock is that day's; else only whole periods are compared, and of fiscal periods that are no calendar ones nothing is told.
with clock as (
    select
        p.as_of,
        cast(date_trunc('week', p.as_of + 1) - interval 7 day as date) as last_week,
        p.reporting_currency
    from ops.publication as p
),
-- The quarter and the year are fiscal ones.
fiscal as (
    select
        c.as_of, d.fiscal_year, d.fiscal_quarter, n.date_day is null
            or n.fiscal_quarter_start_date > d.fiscal_quarter_start_date as is_quarter_over,
        n.date_day is null or n.fiscal_year_start_date > d.fiscal_year_start_date as is_year_over,
        d.fiscal_quarter_start_date as quarter_start, d.fiscal_year_start_date as year_start,
        min(b.fiscal_year_start_date) as year_start_before,
        min(case when b.fiscal_quarter = d.fiscal_quarter then b.fiscal_quarter_start_date end)
            as quarter_start_before
    from clock as c
    join marts.dim_dates as d on d.date_day = c.as_of
    left join marts.dim_dates as n on n.date_day = c.as_of + 1
    left join marts.dim_dates as b
        on b.fiscal_year = d.fiscal_year - 1 and b.date_day >= b.fiscal_year_start_date
    group by all
),
starts as (
    select
        'month' as grain, cast(date_trunc('month', as_of) as date) as first_day,
        cast(date_trunc('month', as_of) - interval 1 year as date) as first_before,
        date_trunc('month', as_of + 1) > date_trunc('month', as_of) as is_over, as_of
    from clock
    union all
    select 'quarter', quarter_start, quarter_start_before, is_quarter_over, as_of from fiscal
    union all
    select 'year', year_start, year_start_before, is_year_over, as_of from fiscal
),
-- The same stretch of the year before: to the same day of its calendar, or as many days of a
-- fiscal year of weeks.
spans as (
    select
        grain, first_day, first_before, is_over, as_of,
        first_day = date_trunc(grain, first_day) as is_calendar,
        case when day(first_day) = 1 and day(first_before) = 1
            then cast(as_of - interval 1 year as date)
            else first_before + cast(as_of - first_day as integer) end as year_before
    from starts
),
whole as (
    select metric_id, grain, period_start, value, numerator, denominator, is_complete
    from metrics.metric_values
    where slice_name = 'all' and grain <> 'day'
        and (coalesce(trust, '') <> 'stale' or not is_complete)
),
stretches as (
    select
        d.metric_id, s.grain, s.is_now,
        case m.additivity
            when 'additive' then sum(d.value)
            when 'semi' then max(case when d.period_start = s.last_day then d.value end)
            when 'ratio' then sum(d.numerator) / nullif(sum(d.denominator), 0)
        end as value
    from (
        select grain, first_before as first_day, year_before as last_day, false as is_now
        from spans
        union all
        select grain, first_day, as_of, true from spans where not is_calendar
    ) as s
    join metrics.metric_values as d
        on d.grain = 'day' and d.slice_name = 'all'
        and d.period_start between s.first_day and s.last_day
    join metrics.dim_metrics as m on d.metric_id = m.metric_id
    group by d.metric_id, s.grain, s.is_now, m.additivity
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
    from spans as s
    join (
        select metric_id, grain, period_start, value, true as is_calendar from whole
        union all
        select metric_id, grain, null, value, false from stretches where is_now
    ) as v
        on s.grain = v.grain and s.is_calendar = v.is_calendar
        and (not v.is_calendar or s.first_day = v.period_start)
    left join whole as y
        on v.metric_id = y.metric_id and y.grain = s.grain and y.period_start = s.first_before
    left join stretches as t
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
