-- One row per month, contact channel, team and block of four hours (UTC): messages that came in by day of the week.
select
    cast(date_trunc('month', received_date) as date) as period_start,
    case channel when 'linkedin' then 'LinkedIn'
        else upper(left(channel, 1)) || substr(channel, 2) end as channel,
    coalesce(team, 'Not stated') as business_unit,
    lpad(cast(4 * (extract(hour from received_at) // 4) as varchar), 2, '0') || ':00' as from_hour,
    cast(sum(case when isodow(received_at) = 1 then 1 else 0 end) as bigint) as monday,
    cast(sum(case when isodow(received_at) = 2 then 1 else 0 end) as bigint) as tuesday,
    cast(sum(case when isodow(received_at) = 3 then 1 else 0 end) as bigint) as wednesday,
    cast(sum(case when isodow(received_at) = 4 then 1 else 0 end) as bigint) as thursday,
    cast(sum(case when isodow(received_at) = 5 then 1 else 0 end) as bigint) as friday,
    cast(sum(case when isodow(received_at) = 6 then 1 else 0 end) as bigint) as saturday,
    cast(sum(case when isodow(received_at) = 7 then 1 else 0 end) as bigint) as sunday
from marts.fct_conversations
group by 1, 2, 3, 4
order by 1, 2, 3, 4
