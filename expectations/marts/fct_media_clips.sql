-- Forty clippings of one title.
select md5(i::varchar) as clip_key, 'n' || i as clip_id, 'Tagblatt' as outlet,
    {as_of} - i::integer as published_date, 'print' as medium, 90000 as circulation
from range(40) as rows(i)
