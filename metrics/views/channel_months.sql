-- One row per channel, month and market: spend, what was seen, answered and asked for. A measure that no source reports is null, never 0. Impressions are not people, and each source defines them its own way.
with counted as (
    select
        channel_id, date_trunc('month', date_day) as period_start, geography,
        sum(cast(spend_reporting as double)) as spend,
        sum(impressions) as impressions,
        sum(grps) as grps, sum(clicks) as clicks, sum(responses) as responses,
        sum(engagements) as engagements,
        null as leads, null as qualified_leads
    from marts.fct_channel_days
    group by 1, 2, 3
    union all
    select
        coalesce(channel_id, 'unknown'), date_trunc('month', created_date), geography,
        null, null, null, null, null, null,
        count(*), sum(case when is_qualified then 1 else 0 end)
    from marts.fct_leads
    group by 1, 2, 3
),
defined as (
    select distinct channel_id, impression_definition
    from marts.fct_channel_days
    where impressions is not null
),
counting as (  -- how a channel is counted, once for all its months, so that rows can be added up
    select
        s.channel_id, s.method,
        string_agg(f.impression_definition, ', ' order by f.impression_definition)
            as impression_definition
    from (
        select
            channel_id,
            case when sum(case when is_spread then 1 else 0 end) > 0
                then 'in part spread over days' else 'as reported' end as method
        from marts.fct_channel_days
        group by 1
    ) as s
    left join defined as f on s.channel_id = f.channel_id
    group by 1, 2
)
select
    c.channel_id, d.channel_label as channel,
    coalesce(upper(left(d.channel_class, 1)) || substr(d.channel_class, 2), 'Not known')
        as channel_class,
    d.peso, coalesce(c.geography, 'Not stated') as business_unit,
    cast(c.period_start as date) as period_start,
    sum(c.spend) as spend, cast(sum(c.impressions) as bigint) as impressions,
    max(h.impression_definition) as impression_definition,
    sum(c.grps) as grps, cast(sum(c.clicks) as bigint) as clicks,
    cast(sum(c.responses) as bigint) as responses,
    cast(sum(c.engagements) as bigint) as engagements,
    cast(sum(c.leads) as bigint) as leads,
    cast(sum(c.qualified_leads) as bigint) as qualified_leads,
    max(h.method) as method
from counted as c
left join marts.dim_channels as d on c.channel_id = d.channel_id
left join counting as h on c.channel_id = h.channel_id
group by 1, 2, 3, 4, 5, 6
order by 1, 6, 5
