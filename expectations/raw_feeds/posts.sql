-- One post a day over 140 days, read on the day after and the day after that.
select 'linkedin' as network, 'brand' as account, 'b' || i as post_id,
    {as_of} - i::integer + (n - 2)::integer as captured_on,
    ({as_of} - i::integer - 2)::timestamp as published_at, 'photo' as post_type,
    1000 * n as impressions, 700 * n as reach, 40 * n as reactions, 5 * n as comments,
    20 * n as clicks, 9 * n as link_clicks
from range(140) as posts(i), range(1, 3) as captures(n)
