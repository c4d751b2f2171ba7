-- One row per goal and day of its drawing: what was and what the plan expected at each weekly reading and, from the last reading to the goal's end, the forecast with the range that holds four ends of five (80 %). Readings on late data are left out where there are others. What counts up begins at nothing, a level at its baseline.
with read as (
    select
        f.goal_id, f.reading_date as course_date, f.actual, f.expected,
        f.status <> 'data_late' or sum(case when f.status <> 'data_late' then 1 else 0 end)
            over (partition by f.goal_id) = 0 as is_shown
    from metrics.goal_forecasts as f
),
shown as (select goal_id, course_date, actual, expected from read where is_shown),
ends as (
    select
        s.goal_id, s.profile, s.period_from, s.period_to, s.baseline, s.target, s.forecast,
        s.forecast_low, s.forecast_high, s.status in ('reached', 'missed') as is_over,
        max(case when r.actual is not null then r.course_date end) as last_date,
        max_by(r.actual, r.course_date) filter (where r.actual is not null) as last_actual
    from metrics.goal_status as s
    left join shown as r on s.goal_id = r.goal_id
    group by all
),
days as (
    select goal_id, course_date, actual, expected, null as forecast, null as forecast_low,
        null as forecast_high
    from shown
    union all
    select
        goal_id, period_from,
        case when profile = 'cumulative' and last_date > period_from then 0 end,
        case profile when 'cumulative' then 0 when 'level' then baseline end, null, null, null
    from ends
    where profile <> 'ratio'
    union all
    select goal_id, last_date, last_actual, null, last_actual, last_actual, last_actual
    from ends
    where not is_over and forecast is not null and last_date < period_to
    union all
    select
        goal_id, period_to, null, target, case when not is_over then forecast end,
        case when not is_over then forecast_low end, case when not is_over then forecast_high end
    from ends
)
select
    d.goal_id, g.goal, g.unit, d.course_date, max(d.actual) as actual,
    max(d.expected) as expected, g.target, max(d.forecast) as forecast,
    max(d.forecast_low) as forecast_low, max(d.forecast_high) as forecast_high
from days as d
join dashboards.goals as g on d.goal_id = g.goal_id
group by d.goal_id, g.goal, g.unit, d.course_date, g.target
order by d.goal_id, d.course_date
