-- Thirty pieces, ten days each.
select 'w' || i as content_id, 'article' as content_type, 'in_house' as producer,
    ({as_of} - (i + 12)::integer)::timestamp as briefed_at,
    ({as_of} - (i + 2)::integer)::timestamp as published_at, 'published' as status,
    8 as hours, 400 as internal_cost, 0 as external_cost, 'EUR' as currency
from range(30) as rows(i)
