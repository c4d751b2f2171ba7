-- One row per influence that a metric tree claims: what is thought to move what, how many weeks later, what evidence there is and of what share of what moves, and whether the pre-whitened weekly series move together at that lag (q: adjusted for testing them all). A correlation is never evidence of cause and changes no edge.
select
    e.tree_id as tree, c.label as moves, p.label as moved, e.operator as sign, e.lag_weeks,
    replace(e.evidence_kind, '_', '-') || case when e.evidence_kind in ('experiment',
        'quasi_experiment') then coalesce(' by ' || replace(e.evidence_channel, '_', ' '), '')
        || ' (' || e.evidence_state || ')' else '' end as evidence_kind,
    e.is_evidenced, e.evidence_share, e.why, e.correlation, e.q_value, e.weeks as weeks_compared,
    e.strongest_lag_weeks, e.finding as says,
    coalesce(c.owner_name, 'nobody') as owner, c.owner_role
from metrics.metric_tree_edges as e
join metrics.metric_tree_nodes as c on e.tree_id = c.tree_id and e.child_node = c.node_id
join metrics.metric_tree_nodes as p on e.tree_id = p.tree_id and e.parent_node = p.node_id
where e.kind = 'influence'
order by 1, 3, 2
