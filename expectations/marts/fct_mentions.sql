-- Four mentions a day over a hundred days, every second one of us.
select md5(i::varchar) as mention_key, 'o' || i as mention_id, 'mastodon' as network,
    {as_of} - (i // 4)::integer as published_date, i % 2 = 0 as is_brand, false as is_employee,
    'neutral' as sentiment
from range(400) as rows(i)
