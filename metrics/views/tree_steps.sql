-- One row per explained metric and step of the explanation: what its change of the last complete quarter on the same quarter of the year before is made of, from the whole (depth 0) down. The steps below a step add up to it, and the leaves to the whole change.
with compared as (
    select * from metrics.metric_tree_changes
    where grain = 'quarter' and is_latest and period_from = cast(period_to - interval 1 year as date)
),
splits as (
    select tree_id, parent_node, child_node as slice_name from metrics.metric_tree_edges
    where kind = 'split'
),
named as (
    select distinct slice_name, slice_value, slice_label from dashboards.metric_series
)
select
    c.tree_id as tree, x.metric_id, x.label as metric, m.unit, c.place, c.depth,
    case when c.part is null then n.label
        else n.label || ': ' || coalesce(l.slice_label, c.part) || ' (' || c.kind || ')' end as step,
    repeat('· ', c.depth) || case when c.part is null then n.label
        else coalesce(l.slice_label, c.part) || ' (' || c.kind || ')' end as step_text,
    c.kind as step_kind, c.contribution,
    coalesce(changed(c.contribution, 0, case m.unit when 'percent' then 'percent' else 'score' end,
        p.reporting_currency), '') as contribution_text,
    coalesce(said(c.value_from, case n.part when 'value' then nm.unit else 'count' end,
        p.reporting_currency), '') as value_from_text,
    coalesce(said(c.value_to, case n.part when 'value' then nm.unit else 'count' end,
        p.reporting_currency), '') as value_to_text,
    c.is_leaf, n.owner_role, coalesce(n.owner_name, 'nobody') as owner,
    c.period_from, c.period_to
from compared as c
join metrics.metric_tree_nodes as x on c.tree_id = x.tree_id and c.explained_node = x.node_id
join metrics.metric_tree_nodes as n on c.tree_id = n.tree_id and c.node_id = n.node_id
join metrics.dim_metrics as m on x.metric_id = m.metric_id
join metrics.dim_metrics as nm on n.metric_id = nm.metric_id
cross join ops.publication as p
left join splits as s on c.tree_id = s.tree_id and c.node_id = s.parent_node
left join named as l on s.slice_name = l.slice_name and c.part = l.slice_value
order by 1, 2, c.place
