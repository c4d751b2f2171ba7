-- One row per goal and metric that it names as leading: where that metric stands, which way it went on the year before, and whether its weeks signal. What leads is a belief until a test says so.
select
    g.goal_id, g.goal, g.status, m.metric_id, m.metric, m.unit, m.value_text, m.change_text,
    m.verdict, coalesce(s.signal, 'No weekly chart') as signal,
    coalesce(s.says, '') as says, s.signal_since, m.owner, m.owner_role, m.trust, m.trust_reason
from metrics.goal_leading as l
join dashboards.goals as g on l.goal_id = g.goal_id
join dashboards.metric_latest as m on l.metric_id = m.metric_id
left join dashboards.signals as s on l.metric_id = s.metric_id and s.metric = m.metric
order by g.status_order, g.goal, m.metric
