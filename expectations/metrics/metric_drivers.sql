-- One change in two parts.
select 'count' as metric_id, 'month' as grain, {month_ago} as period_from, {as_of} as period_to,
    'channel' as slice_name, slice_value, contribution::double as contribution, 'change' as kind
from (values ('tv', 60), ('events', -20)) as parts(slice_value, contribution)
