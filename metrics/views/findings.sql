-- One row per finding that a person has to decide: a goal, metric, account or tool whose owner is gone, a source that is late, a goal on nothing that people do, a metric that left its limits for the worse.
select 'Goal' as kind, goal as finding,
    case owner_status when 'left' then owner || ' has left the organization'
        else 'nobody holds the role ' || replace(owner_role, '_', ' ') end as why,
    owner_role
from dashboards.goals where owner_status in ('left', 'vacant')
union all
select 'Goal', metric_label, gap_reason, owner_role from metrics.dim_goals where has_goal_gap
union all
select 'Metric', label,
    case owner_status when 'left' then coalesce(owner_name, 'its owner')
        || ' has left the organization'
        else 'nobody holds the role ' || replace(owner_role, '_', ' ') end,
    owner_role
from metrics.dim_metrics where owner_status in ('left', 'vacant')
union all
select 'Signal', metric, says || ' Since ' || strftime(signal_since, '%Y-%m-%d') || '.', owner_role
from dashboards.signals where signal = 'Signal' and verdict = 'worse'
union all
select 'Account', network || ' ' || coalesce(account, 'without a name'),
    'its owner ' || case owner_status when 'left' then 'has left' else 'is not named' end,
    owner_role
from marts.dim_accounts
where owner_status in ('left', 'vacant') and closed_on is null and ownership = 'brand'
union all
select 'Tool', tool,
    'its owner ' || case owner_status when 'left' then 'has left' else 'is not named' end,
    owner_role
from marts.dim_tools where owner_status in ('left', 'vacant')
union all
select 'Source', feed,
    case status when 'Failed' then 'could not be read: ' else 'is late: ' end
        || coalesce(nullif(reason, ''), 'no reason given'),
    owner_role
from dashboards.sources where status_order < 3
order by 1, 2, 3
