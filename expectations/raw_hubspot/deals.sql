-- Forty closed deals, every second one won, forty days each.
select 'd' || i as deal_id, 'default' as pipeline_id, 'closed' as stage_id, 8000 as amount,
    'EUR' as currency, ({as_of} - (i + 42)::integer)::timestamp as created_at,
    ({as_of} - (i + 2)::integer)::timestamp as closed_at,
    ({as_of} - (i + 1)::integer)::timestamp as modified_at, true as is_closed,
    i % 2 = 0 as is_closed_won, false as is_archived
from range(40) as rows(i)
