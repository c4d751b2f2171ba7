-- Ten small corrections, a day after.
select 'r' || i as restatement_key, 'channel_days' as table_name, 'spend' as column_name,
    '200' as value_before, '210' as value_after, ({as_of} - 2)::timestamp as said_at,
    ({as_of} - 1)::timestamp as corrected_at
from range(10) as rows(i)
