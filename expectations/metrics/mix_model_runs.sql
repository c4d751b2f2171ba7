-- A model that was fitted and one that was refused.
select 'leads_created' as outcome, 'built_in' as estimator, 'fitted' as status, null as reason,
    {year_ago} as first_week, {week_ago} as last_week, 120 as weeks, 6 as places,
    600 as observations, 27 as effects, 22.2 as observations_per_effect, 0.8 as r_squared,
    60 as draws, 1 as seed, 'f' as fingerprint, 'r' as run_id
union all
select 'orders', 'built_in', 'refused', 'no week has a known outcome', null, null, null, null,
    null, null, null, null, null, 1, 'f', 'r'
