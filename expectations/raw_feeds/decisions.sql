-- Five decisions, one taken back.
select 'd' || i as decision_id, {quarter_ago} + (7 * i)::integer as decided_on, 'change' as kind,
    'leads_created' as metric, null::date as signal_week, 'act' as action, 'A shorter form.' as summary,
    null::varchar as experiment_id,
    case when i = 1 then {quarter_ago} + 20 end as reverted_on, 'demand_lead' as owner_role
from range(5) as rows(i)
