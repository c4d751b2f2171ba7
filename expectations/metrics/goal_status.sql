-- Five goals on track.
select 'g' || i as goal_id, 'Grow.' as statement, 'count' as metric_id, 'care_lead' as owner_role,
    'active' as owner_status, {year_ago} as period_from, {quarter_ago} + 180 as period_to,
    'cumulative' as profile, 1000.0 as baseline, 1200.0 as target, {as_of} as as_of,
    900.0 as actual, 880.0 as expected, 1210.0 as forecast, 1100.0 as forecast_low,
    1300.0 as forecast_high, 0.6::double as probability, 'backtested' as interval_basis,
    9 as backtest_readings, 0.8::double as backtest_covered_share, 'on_track' as status,
    'fresh' as trust
from range(5) as rows(i)
