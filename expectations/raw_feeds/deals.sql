-- Forty deals, every second one won, forty days each.
select 'crm' as system, 'd' || i as deal_id, 'closed' as stage,
    case when i % 2 = 0 then 'won' else 'lost' end as outcome, 8000 as amount, 'EUR' as currency,
    {as_of} - (i + 42)::integer as created_on, {as_of} - (i + 2)::integer as closed_on
from range(40) as rows(i)
