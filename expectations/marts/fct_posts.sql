-- A post every second day over 240 days, four engagements in a hundred impressions.
select md5(i::varchar) as post_key, 'b' || i as post_id, 'linkedin' as network, 'a1' as account_id,
    'brand' as ownership, ({as_of} - (2 * i)::integer)::timestamp as published_at,
    {as_of} - (2 * i)::integer as published_date, {as_of} as captured_on, 1000 as impressions,
    700 as reach_people, 40 as engagements
from range(120) as rows(i)
