-- One row per month, first and last channel of won deals: how many deals and how much revenue went that way. Names say first and last, so that a path never turns back.
with ends as (
    select
        journey_date as converted_date, first_channel_id as first_id, last_channel_id as last_id,
        revenue_reporting
    from marts.fct_journeys
    where conversion_kind = 'deal_won' and outcome = 'converted' and touches > 0
)
select
    cast(date_trunc('month', e.converted_date) as date) as period_start,
    coalesce(a.channel_label, 'Unknown') as channel,
    'First: ' || coalesce(a.channel_label, 'Unknown') as first_touch,
    'Last: ' || coalesce(z.channel_label, 'Unknown') as last_touch,
    count(*) as won_deals, sum(cast(e.revenue_reporting as double)) as won_revenue
from ends as e
left join marts.dim_channels as a on e.first_id = a.channel_id
left join marts.dim_channels as z on e.last_id = z.channel_id
group by 1, 2, 3, 4
order by 1, 3, 4
