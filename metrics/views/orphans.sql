-- One row per goal, metric and node of a metric tree without a person behind it: its owner has left, or nobody holds the role.
select 'Goal' as kind, goal_id as finding, owner_role, coalesce(owner_name, 'nobody') as owner, owner_status
from metrics.dim_goals where owner_status in ('left', 'vacant')
union all
select 'Metric', label, owner_role, coalesce(owner_name, 'nobody'), owner_status
from metrics.dim_metrics where owner_status in ('left', 'vacant')
union all
select 'Tree node', tree_id || ': ' || label, owner_role, coalesce(owner_name, 'nobody'), owner_status
from metrics.metric_tree_nodes where owner_status in ('left', 'vacant')
order by 1, 2
