-- One row per thing that else happened in the last complete quarter: a campaign that ran, a definition that a network changed, figures that were corrected. Reasons to ask about, not proven ones.
with quarters as (
    select
        cast(date_trunc('quarter', as_of + 1) - interval 3 month as date) as period_from,
        cast(date_trunc('quarter', as_of + 1) as date) - 1 as period_to
    from ops.publication
)
select
    'Campaign' as kind,
    c.campaign_name
        || case when c.starts_on >= q.period_from
            then ' (from ' || strftime(c.starts_on, '%-d %b %Y') || ')' else '' end
        || case when c.ends_on <= q.period_to
            then ' (until ' || strftime(c.ends_on, '%-d %b %Y') || ')' else '' end as finding,
    c.starts_on as period_from, c.ends_on as period_to
from marts.dim_campaigns as c
cross join quarters as q
where c.starts_on <= q.period_to and coalesce(c.ends_on >= q.period_from, true)
union all
select
    'Definition',
    d.channel || ' changed what it calls ' || d.measure || ' on '
        || strftime(d.available_from, '%-d %b %Y') || ': the series breaks there',
    d.available_from, null
from dashboards.definition_breaks as d
cross join quarters as q
where d.available_from between q.period_from and q.period_to
union all
select
    'Corrections',
    count(*) || ' figures of that quarter, in ' || count(distinct r.table_name)
        || ' tables, were corrected after they were first reported; both versions are kept',
    q.period_from, q.period_to
from marts.fct_restatements as r
join quarters as q on r.event_date between q.period_from and q.period_to
group by q.period_from, q.period_to
order by 1, 3, 2
