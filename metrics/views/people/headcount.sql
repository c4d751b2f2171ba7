-- One row per month and department group: people employed, full-time equivalents and those in social work. Null is withheld: it would describe fewer than five people.
select
    h.month_start_date as period_start, h.department_group as business_unit, h.headcount, h.fte,
    h.social_fte, a.absent_days, a.contracted_days,
    case when h.is_suppressed then 'withheld in part' else 'shown' end as privacy
from main.fct_headcount_months as h
left join main.fct_absence_months as a
    on h.month_start_date = a.month_start_date and h.department_group = a.department_group
order by 1, 2
