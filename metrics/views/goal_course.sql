-- One row per goal and reading date: the actual, what the plan expected by then, pace (actual over plan, turned round where lower is better) and the chance that was given then.
select
    f.goal_id, g.goal, g.unit, f.reading_date, f.actual, f.expected, g.target,
    case when g.better = 'lower' then f.expected / nullif(f.actual, 0)
        else f.actual / nullif(f.expected, 0) end as pace,
    f.forecast, f.forecast_low, f.forecast_high, f.probability as chance
from metrics.goal_forecasts as f
join dashboards.goals as g on f.goal_id = g.goal_id
order by f.goal_id, f.reading_date
