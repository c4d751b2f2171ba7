-- Two accounts, sixty days, ten followers a day.
select 'linkedin' as network, account, {as_of} - i::integer as date, 5000 - 10 * i as followers,
    12 as followers_gained, 2 as followers_lost, 40 as profile_views, 900 as impressions
from range(60) as days(i), (values ('brand'), ('second')) as accounts(account)
