-- One account read every day for thirty days.
select 'm1' as account_id, {as_of} - i::integer as captured_on, 'brand' as acct,
    1000 - 3 * i as followers_count, 80 as following_count, 400 - i as statuses_count
from range(30) as days(i)
