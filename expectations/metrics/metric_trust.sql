-- Twelve fresh metrics.
select case i when 0 then 'count' else 'm' || i end as metric_id, 'fresh' as trust,
    'all sources were read' as reason
from range(12) as rows(i)
