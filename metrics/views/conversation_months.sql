-- One row per month, contact channel, team and topic: messages that came in, those that needed a reply, were answered and were answered in time. Counts only: medians are in metric_series.
select
    cast(date_trunc('month', c.received_date) as date) as period_start,
    case c.channel when 'linkedin' then 'LinkedIn'
        else upper(left(c.channel, 1)) || substr(c.channel, 2) end as channel,
    coalesce(c.team, 'Not stated') as business_unit,
    upper(left(coalesce(c.topic, 'not stated'), 1))
        || substr(coalesce(c.topic, 'not stated'), 2) as topic,
    count(*) as received,
    cast(sum(case when c.needs_reply then 1 else 0 end) as bigint) as needing_reply,
    cast(sum(case when c.needs_reply and c.is_answered then 1 else 0 end) as bigint) as answered,
    cast(sum(case when c.needs_reply and c.is_answered_in_sla then 1 else 0 end) as bigint)
        as answered_in_time
from marts.fct_conversations as c
group by 1, 2, 3, 4
order by 1, 2, 3, 4
