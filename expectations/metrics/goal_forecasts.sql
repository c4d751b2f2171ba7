-- Three goals, read for ten weeks.
select 'g' || g as goal_id, {as_of} - (7 * i)::integer as reading_date, 1210.0 as forecast,
    1100.0 as forecast_low, 1300.0 as forecast_high, 0.6::double as probability
from range(3) as goals(g), range(10) as weeks(i)
