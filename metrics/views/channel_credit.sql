-- One row per kind of conversion, calendar year or whole time, model and channel: what each of eight rules credits, with the 5th to 95th percentile of 200 draws of the journeys, and how well paths predict conversion at all. Credit is not cause; within a model the rows add up to every conversion.
select
    f.window_end_date as period_end,
    case when f.window_kind = 'all' then 'All time'
        when f.window_kind like 'last %' then 'L' || substr(f.window_kind, 2)
        else f.window_kind || ' from ' || cast(f.window_start_date as varchar) end as credit_window,
    case f.conversion_kind when 'deal_won' then 'Won deals' else 'Qualified leads' end as conversion_kind,
    case f.model when 'first' then 'First touch' when 'last' then 'Last touch'
        when 'linear' then 'Linear' when 'position' then 'Position'
        when 'time_decay' then 'Time decay' when 'shapley' then 'Shapley'
        when 'markov' then 'Markov chain' else 'Path removal' end as credit_model,
    case when f.channel_id = 'unattributed' then 'Not traced to any channel'
        else coalesce(d.channel_label, 'Unknown') end as channel,
    f.conversions as credited_conversions, f.conversions_low as credited_low,
    f.conversions_high as credited_high,
    cast(f.revenue_reporting as double) as credited_revenue,
    f.coverage as credit_coverage, f.auc_holdout as path_auc
from marts.fct_channel_credit as f
left join marts.dim_channels as d on f.channel_id = d.channel_id
order by 1, 2, 3, 4, 5
