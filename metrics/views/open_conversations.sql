-- One row per message of the last 90 days that needs a reply and has none by the publication's date. No words of it and no names.
select
    case c.channel when 'linkedin' then 'LinkedIn'
        else upper(left(c.channel, 1)) || substr(c.channel, 2) end as channel,
    coalesce(c.team, 'Not stated') as business_unit,
    upper(left(coalesce(c.topic, 'not stated'), 1))
        || substr(coalesce(c.topic, 'not stated'), 2) as topic,
    c.received_date,
    cast(p.as_of - c.received_date as integer) as age_days,
    case when p.as_of - c.received_date <= 1 then 1 when p.as_of - c.received_date <= 7 then 2
        when p.as_of - c.received_date <= 30 then 3 else 4 end as age_order,
    case when p.as_of - c.received_date <= 1 then 'up to 1 day'
        when p.as_of - c.received_date <= 7 then '2 to 7 days'
        when p.as_of - c.received_date <= 30 then '8 to 30 days' else 'over 30 days' end as age,
    cast(1 as bigint) as unanswered
from marts.fct_conversations as c
cross join ops.publication as p
where c.needs_reply and not c.is_answered and c.received_date > p.as_of - 90
order by c.received_date, c.conversation_id
