-- A count that did not change between two months, in two parts that offset each other.
select 'count' as metric_id, 'month' as grain,
    (date_trunc('month', {as_of}) - to_months(2))::date as period_from,
    (date_trunc('month', {as_of}) - to_months(1))::date as period_to,
    'channel' as slice_name, slice_value, contribution::double as contribution, 'change' as kind
from (values ('tv', 20), ('events', -20)) as parts(slice_value, contribution)
