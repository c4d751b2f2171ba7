-- One row per metric, grain, period and slice value that has a value in the period, in the one before it or in the one a year before, for slices that a filter follows: all three values with their parts. A slice that is gone by now is there too, so that the sums of all three are whole. Where a network changed the definition in between, a sentence says so and the earlier value is null; a sum over slices of which one has such a sentence is no comparison.
with told as (
    select metric_id, grain, period_start, slice_name, slice_value, slice_label, channel,
        business_unit, value, numerator, denominator, is_complete
    from dashboards.metric_series
    where slice_name in (
        'all', 'channel_id', 'channel', 'network', 'geography', 'sales_team', 'team', 'pipeline'
    )
),
moved as (
    select metric_id, grain, period_start, slice_name, slice_value, slice_label, channel,
        business_unit, 'itself' as stands, value, numerator, denominator
    from told
    union all
    select metric_id, grain,
        cast(case grain
            when 'week' then period_start + interval 7 day
            when 'month' then period_start + interval 1 month
            when 'quarter' then period_start + interval 3 month
            else period_start + interval 1 year
        end as date),
        slice_name, slice_value, slice_label, channel, business_unit, 'previous', value, numerator,
        denominator
    from told
    union all
    select metric_id, grain,
        cast(case grain
            when 'week' then period_start + interval 364 day
            else period_start + interval 1 year
        end as date),
        slice_name, slice_value, slice_label, channel, business_unit, 'year_before', value,
        numerator, denominator
    from told
),
-- A period is there when any slice of the metric has a value in it.
periods as (
    select metric_id, grain, slice_name, period_start, bool_or(is_complete) as is_complete
    from told
    group by 1, 2, 3, 4
),
beside as (
    select
        metric_id, grain, period_start, slice_name, slice_value,
        max(slice_label) as slice_label, max(channel) as channel,
        max(business_unit) as business_unit,
        max(case when stands = 'itself' then value end) as value,
        max(case when stands = 'itself' then numerator end) as numerator,
        max(case when stands = 'itself' then denominator end) as denominator,
        max(case when stands = 'previous' then value end) as previous_value,
        max(case when stands = 'previous' then numerator end) as previous_numerator,
        max(case when stands = 'previous' then denominator end) as previous_denominator,
        max(case when stands = 'year_before' then value end) as year_before_value,
        max(case when stands = 'year_before' then numerator end) as year_before_numerator,
        max(case when stands = 'year_before' then denominator end) as year_before_denominator,
        case slice_name when 'network' then slice_value else 'all' end as reported_by
    from moved
    group by 1, 2, 3, 4, 5
)
select
    b.metric_id, b.grain, b.period_start, b.slice_name, b.slice_value, b.slice_label, b.channel,
    b.business_unit, b.value, b.numerator, b.denominator,
    case when pb.note is null then b.previous_value end as previous_value,
    case when pb.note is null then b.previous_numerator end as previous_numerator,
    case when pb.note is null then b.previous_denominator end as previous_denominator,
    pb.note as previous_break,
    case when yb.note is null then b.year_before_value end as year_before_value,
    case when yb.note is null then b.year_before_numerator end as year_before_numerator,
    case when yb.note is null then b.year_before_denominator end as year_before_denominator,
    yb.note as year_before_break,
    p.is_complete
from beside as b
join periods as p
    on b.metric_id = p.metric_id and b.grain = p.grain and b.slice_name = p.slice_name
    and b.period_start = p.period_start
left join dashboards.broken_comparisons as pb
    on b.metric_id = pb.metric_id and b.grain = pb.grain and b.period_start = pb.period_start
    and b.reported_by = pb.network and pb.comparison = 'previous'
left join dashboards.broken_comparisons as yb
    on b.metric_id = yb.metric_id and b.grain = yb.grain and b.period_start = yb.period_start
    and b.reported_by = yb.network and yb.comparison = 'year_before'
order by 1, 2, 4, 5, 3
