-- One row per month and department group: people employed (average of first and last day), full-time equivalents and those in social work. Null is withheld: it would describe fewer than five people.
select
    h.month_start_date as period_start, h.department_group as business_unit, h.headcount, h.fte,
    h.social_fte,
    case when h.is_suppressed then 'withheld in part' else 'shown' end as privacy
from main.fct_headcount_months as h
order by 1, 2
