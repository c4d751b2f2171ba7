-- Two estimates and a refusal.
select 'x' || i as experiment_id, 'tv' as channel_id, 'experiment' as kind, 'leads_created' as outcome,
    {quarter_ago} as starts_on, {month_ago} as ends_on,
    case when i < 2 then 'estimated' else 'refused' end as status,
    case when i = 2 then 'no places without treatment' end as reason,
    case when i < 2 then 40.0 end as incremental, case when i < 2 then 8.0 end as incremental_low,
    case when i < 2 then 72.0 end as incremental_high, case when i < 2 then 0.04 end as p_value,
    'r' as run_id
from range(3) as rows(i)
