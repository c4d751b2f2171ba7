-- Of sixty journeys twenty led to a won deal, thirty to nothing, and ten are open.
select md5('j' || i) as journey_key, 'j' || i as journey_id, 'deal_won' as conversion_kind,
    case when i < 20 then 'd' || i end as conversion_id,
    case when i < 20 then 'converted' when i < 50 then 'unconverted' else 'open' end as outcome,
    {as_of} - (case when i < 50 then 100 + i else i end)::integer as journey_date, 3 as touches, 2 as channels,
    1 as contacts, {as_of} - 200 as first_touch_date, 'tv' as first_channel_id, 'email' as last_channel_id
from range(60) as rows(i)
