-- Two channels, eighty days.
select channel, 'acc' as account, 'c1' as campaign, 'DE' as geography,
    {as_of} - i::integer as date, 'day' as period, 'EUR' as currency, 300 as spend,
    'cpm' as cost_type, 40000 as impressions,
    case when channel = 'paid_social' then 400 end as clicks
from range(80) as days(i), (values ('paid_social'), ('tv')) as channels(channel)
