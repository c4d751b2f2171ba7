-- Ten statuses of the last ten days, read yesterday and today.
select 's' || i as status_id, {as_of} - n::integer as captured_on, 'm1' as account_id,
    'brand' as acct, ({as_of} - (i + 2)::integer)::timestamp as created_at, 'public' as visibility,
    30 - n as favourites_count, 5 as reblogs_count, 2 as replies_count
from range(10) as posts(i), range(2) as captures(n)
