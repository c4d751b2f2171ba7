-- One row per metric, grain (week to year), period and slice value: the value with the one before it and the one a year earlier, which are null where a network changed the definition in between (a sentence then says which). Values are in the metric's own unit; percent is a share. Never add values up over slices unless the metric is additive.
with spelled as (
    select * from (values
        ('(unknown)', 'Not stated'), ('linkedin', 'LinkedIn'), ('youtube', 'YouTube'),
        ('tiktok', 'TikTok'), ('tv', 'TV'), ('true', 'Yes'), ('false', 'No'),
        ('decoy', 'Decoy (never ran)')
    ) as t(word, spelling)
),
named as (
    select 'channel_id' as slice_name, channel_id as slice_value, channel_label as slice_label
    from marts.dim_channels
    union all
    select 'campaign_id', campaign_id, campaign_name from marts.dim_campaigns
    union all
    select 'account_id', account_id, network || ' ' || account
    from marts.dim_accounts
    where account is not null
    union all
    select 'event_id', event_id, event_name from marts.fct_events
),
series as (
    select
        -- A period of which a late source has not told the end is not complete.
        v.* replace (v.is_complete and coalesce(v.trust, '') <> 'stale' as is_complete),
        cast(case v.grain
            when 'week' then v.period_start - interval 7 day
            when 'month' then v.period_start - interval 1 month
            when 'quarter' then v.period_start - interval 3 month
            else v.period_start - interval 1 year
        end as date) as previous_start,
        cast(case v.grain
            when 'week' then same_iso_week(v.period_start)
            else v.period_start - interval 1 year
        end as date) as year_before_start
    from metrics.metric_values as v
    where v.grain in ('week', 'month', 'quarter', 'year')
),
labelled as (
    select
        s.*,
        coalesce(
            n.slice_label, w.spelling,
            upper(left(s.slice_value, 1)) || replace(substr(s.slice_value, 2), '_', ' ')
        ) as slice_label,
        max(case when s.is_complete then s.period_start end)
            over (partition by s.metric_id, s.grain, s.slice_name) as latest_start,
        case s.slice_name
            when 'network' then s.slice_value
            when 'account_id' then coalesce(a.network, 'all')
            else 'all'
        end as reported_by
    from series as s
    left join marts.dim_accounts as a
        on s.slice_name = 'account_id' and s.slice_value = a.account_id
    left join named as n on s.slice_name = n.slice_name and s.slice_value = n.slice_value
    left join spelled as w on s.slice_value = w.word
)
select
    l.metric_id, m.label as metric, m.unit, m.better, m.additivity, l.grain, l.period_start,
    l.slice_name, l.slice_value, l.slice_label,
    case when l.slice_name in ('channel_id', 'channel', 'network') then l.slice_label end
        as channel,
    case when l.slice_name in ('geography', 'sales_team', 'team', 'pipeline') then l.slice_label
    end as business_unit,
    l.value, l.numerator, l.denominator, l.n, l.low, l.high,
    case when pb.note is null then p.value end as previous_value,
    case when yb.note is null then y.value end as year_before_value,
    pb.note as previous_break, yb.note as year_before_break,
    l.is_complete, l.is_complete and l.period_start = l.latest_start as is_latest, l.trust, l.trust_reason
from labelled as l
join metrics.dim_metrics as m on l.metric_id = m.metric_id
left join series as p
    on l.metric_id = p.metric_id and l.grain = p.grain and l.slice_name = p.slice_name
    and l.slice_value = p.slice_value and l.previous_start = p.period_start
left join series as y
    on l.metric_id = y.metric_id and l.grain = y.grain and l.slice_name = y.slice_name
    and l.slice_value = y.slice_value and l.year_before_start = y.period_start
left join dashboards.broken_comparisons as pb
    on l.metric_id = pb.metric_id and l.grain = pb.grain and l.period_start = pb.period_start
    and l.reported_by = pb.network and pb.comparison = 'previous'
left join dashboards.broken_comparisons as yb
    on l.metric_id = yb.metric_id and l.grain = yb.grain and l.period_start = yb.period_start
    and l.reported_by = yb.network and yb.comparison = 'year_before'
order by l.metric_id, l.grain, l.slice_name, l.slice_value, l.period_start
