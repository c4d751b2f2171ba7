-- One row per week and team: what came in and what was answered, and when. Teams of fewer than five at work are withheld for that week.
select
    week_start_date as period_start, team as business_unit, people, inbound, answered,
    answered_with_known_hours, answered_after_hours,
    inbound / nullif(cast(people as double), 0) as inbound_per_person,
    case when is_suppressed then 'withheld' else 'shown' end as privacy
from main.fct_workload_weeks
order by 1, 2
