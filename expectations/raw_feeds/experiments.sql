-- Three finished tests.
select 'x' || i as experiment_id, 'tv' as channel, 'geo_holdout' as design, 'leads' as outcome,
    {year_ago} - 10 as registered_on, {year_ago} as starts_on, {year_ago} + 28 as ends_on,
    0.1 as lift, 0.02 as lift_low, 0.18 as lift_high, 40 as incremental, 8 as incremental_low,
    72 as incremental_high, 0.9 as confidence
from range(3) as rows(i)
