-- A count and a share.
select metric_id, metric_id as label, unit, 'higher' as better, additivity, 'outcome' as amec,
    'social_lead' as owner_role, 'Person' as owner_name, 'active' as owner_status
from (values ('count', 'count', 'additive'), ('share', 'percent', 'ratio'))
    as metrics(metric_id, unit, additivity)
