-- Two channels by all weeks and two quarters, and one that the sufficiency gate refused.
select 'leads_created' as outcome, 'built_in' as estimator, channel_id, grain,
    case grain when 'second' then {quarter_ago} else {days_ago_182} end as period_start,
    {week_ago} as period_end, true as is_complete, 1.0 as covered_share, 'estimated' as status,
    null as reason, case grain when 'all' then 200 else 100 end as spend_reporting,
    10.0 as caused_low, 40.0 as caused_mid, 60.0 as caused_high, 0.1 as return_low,
    0.4 as return_mid, 0.6 as return_high, 0.05 as marginal_low, 0.2 as marginal_mid,
    0.3 as marginal_high, 0.3 as adstock, 0.4 as prior_dominance, 'stands' as verdict,
    'r' as run_id
from (values ('tv'), ('radio')) as channels(channel_id),
    (values ('all'), ('quarter'), ('second')) as grains(grain)
union all
select 'leads_created', 'built_in', 'display', 'all', {days_ago_182}, {week_ago}, true, null,
    'refused', 'spend is unknown in 21 % of the weeks', null, null, null, null, null, null, null,
    null, null, null, null, null, null, 'r'
