-- One row per month, network, subject and tone: mentions found by the listening queries. Employees' own mentions of the brand are left out.
select
    cast(date_trunc('month', m.published_date) as date) as period_start,
    case m.network when 'linkedin' then 'LinkedIn' when 'youtube' then 'YouTube'
        when 'tiktok' then 'TikTok'
        else upper(left(m.network, 1)) || substr(m.network, 2) end as channel,
    m.subject, m.is_brand,
    upper(left(coalesce(m.sentiment, 'not judged'), 1))
        || substr(coalesce(m.sentiment, 'not judged'), 2) as tone,
    count(*) as mentions
from marts.fct_mentions as m
where not coalesce(m.is_employee, false)
group by 1, 2, 3, 4, 5
order by 1, 2, 3, 5
