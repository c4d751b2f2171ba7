-- One row per month and department group: who may take part in advocacy, who did, and what they shared. Null is withheld: it would describe fewer than five people, directly or by subtraction.
select
    month_start_date as period_start, department_group as business_unit, eligible, participants,
    posts as shares,
    case when is_suppressed then 'withheld' else 'shown' end as privacy
from main.fct_advocacy
order by 1, 2
