-- One campaign, three pairs.
select 'c1' as campaign, 28 as window_days, {month_ago} as window_end, a as network_a, b as network_b,
    900 as overlap_people
from (values ('tv', 'print'), ('tv', 'web'), ('print', 'web')) as pairs(a, b)
