-- One row per month of the lead, channel, market and step: how many of the same leads came so far by the publication's date. Recent months are not ripe: their leads still move.
with leads as (
    select
        date_trunc('month', l.created_date) as period_start,
        coalesce(c.channel_label, 'Unknown') as channel,
        coalesce(l.geography, 'Not stated') as business_unit,
        count(*) as step_1,
        sum(case when l.is_qualified then 1 else 0 end) as step_2,
        sum(case when l.is_qualified and l.deal_id is not null then 1 else 0 end) as step_3,
        sum(case when l.is_qualified and d.is_won then 1 else 0 end) as step_4,
        sum(case when d.is_won then cast(d.amount_reporting as double) end) as won_revenue
    from marts.fct_leads as l
    left join marts.dim_channels as c on l.channel_id = c.channel_id
    left join marts.fct_deals as d on l.deal_id = d.deal_id
    group by 1, 2, 3
),
steps as (
    select * from (values
        (1, 'Leads'), (2, 'Qualified'), (3, 'Opportunities'), (4, 'Won')
    ) as t(step_order, step)
)
select
    cast(l.period_start as date) as period_start, l.channel, l.business_unit,
    s.step_order, s.step,
    cast(case s.step_order when 1 then l.step_1 when 2 then l.step_2 when 3 then l.step_3
        else l.step_4 end as bigint) as leads,
    case when s.step_order = 4 then l.won_revenue end as won_revenue
from leads as l
cross join steps as s
order by 1, 2, 3, 4
