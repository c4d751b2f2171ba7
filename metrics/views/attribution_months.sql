-- One row per channel and month, and one for what could not be traced: revenue and deals credited to it under six rules side by side; those that look at all paths together are in channel_credit. Credit is not cause; every model's column adds up to the same won revenue. A model that gives a channel no credit gives it 0; a deal without a rate is null.
with credits as (
    select
        channel_id, date_trunc('month', converted_date) as period_start, model,
        sum(cast(revenue_reporting as double)) as revenue, sum(credit) as deals
    from marts.fct_attribution
    where conversion_kind = 'deal_won'
    group by 1, 2, 3
)
select
    c.channel_id,
    case when c.channel_id = 'unattributed' then 'Not traced to any channel'
        else coalesce(d.channel_label, 'Unknown') end as channel,
    cast(c.period_start as date) as period_start,
    c.channel_id <> 'unattributed' as is_attributed,
    case when sum(case when c.model = 'first' then 1 else 0 end) = 0 then 0
        else sum(case when c.model = 'first' then c.revenue end) end as first_touch_revenue,
    case when sum(case when c.model = 'last' then 1 else 0 end) = 0 then 0
        else sum(case when c.model = 'last' then c.revenue end) end as last_touch_revenue,
    case when sum(case when c.model = 'linear' then 1 else 0 end) = 0 then 0
        else sum(case when c.model = 'linear' then c.revenue end) end as linear_revenue,
    case when sum(case when c.model = 'position' then 1 else 0 end) = 0 then 0
        else sum(case when c.model = 'position' then c.revenue end) end as position_revenue,
    case when sum(case when c.model = 'time_decay' then 1 else 0 end) = 0 then 0
        else sum(case when c.model = 'time_decay' then c.revenue end) end as time_decay_revenue,
    case when sum(case when c.model = 'shapley' then 1 else 0 end) = 0 then 0
        else sum(case when c.model = 'shapley' then c.revenue end) end as shapley_revenue,
    sum(case when c.model = 'linear' then c.deals end) as linear_deals,
    sum(case when c.model = 'linear' and c.channel_id <> 'unattributed' then c.revenue
        when c.model = 'linear' then 0 end) as traced_revenue
from credits as c
left join marts.dim_channels as d on c.channel_id = d.channel_id
group by 1, 2, 3, 4
order by 1, 3
