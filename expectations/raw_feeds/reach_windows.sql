-- One account, ten weeks, three windows each.
select 'linkedin' as network, 'brand' as account, days as window_days,
    {as_of} - (7 * i)::integer as window_end, 1000 * days as reach_people,
    2000 * days as impressions, 100000 as universe_people
from range(10) as weeks(i), (values (1), (7), (28)) as windows(days)
