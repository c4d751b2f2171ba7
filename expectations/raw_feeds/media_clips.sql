-- Forty clippings, one a day.
select 'Tagblatt' as outlet, 'n' || i as clip_id, {as_of} - i::integer as published_on,
    'print' as medium, 's' || i as cluster_id, false as is_syndicated, 90000 as circulation,
    'neutral' as sentiment
from range(40) as rows(i)
