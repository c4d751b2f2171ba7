-- One row per quarter and department group: hours and cost of training, and people trained in social work. Null is withheld.
select
    quarter_start_date as period_start, department_group as business_unit, people, training_hours,
    cast(training_cost_reporting as double) as training_cost, trained_in_social,
    case when is_suppressed then 'withheld in part' else 'shown' end as privacy
from main.fct_training
order by 1, 2
