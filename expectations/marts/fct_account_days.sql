-- Two accounts, sixty days, ten followers a day.
select md5(account_id || i) as account_day_key, {as_of} - i::integer as date_day, account_id,
    'linkedin' as network, 'brand' as ownership, 5000 - 10 * i as followers,
    case when i < 59 then 10 end as followers_net_change, false as is_carried_forward,
    900 as impressions
from range(60) as days(i), (values ('a1'), ('a2')) as accounts(account_id)
