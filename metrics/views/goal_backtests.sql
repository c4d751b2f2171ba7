-- One row per goal: what the same rule would have said at past readings of earlier periods, against how they ended. Within 80 % is the share of ends that the 80 % interval held; empty where too few periods preceded to give one.
select
    b.goal_id, g.goal, g.owner, g.owner_role, count(*) as readings,
    cast(count(distinct b.period_from) as bigint) as periods,
    avg(abs(b.error_share)) as error_share,
    avg(b.error_share) as bias_share,
    count(b.is_covered) as readings_judged,
    avg(case when b.is_covered then 1.0 when not b.is_covered then 0.0 end) as covered_share
from metrics.goal_backtests as b
join dashboards.goals as g on b.goal_id = g.goal_id
group by b.goal_id, g.goal, g.owner, g.owner_role
order by g.goal
