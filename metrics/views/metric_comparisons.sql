-- One row per metric, grain, period and slice value that has a value in the period, in the one before it or in the one a year before, for slices that a filter follows: all three values with their parts. A slice that is gone by now is there too, so that the sums of all three are whole. Where a network changed the definition in between, a sentence says so, and the values are not to be compared.
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
)
select
    m.metric_id, m.grain, m.period_start, m.slice_name, m.slice_value,
    max(m.slice_label) as slice_label, max(m.channel) as channel,
    max(m.business_unit) as business_unit,
    max(case when m.stands = 'itself' then m.value end) as value,
    max(case when m.stands = 'itself' then m.numerator end) as numerator,
    max(case when m.stands = 'itself' then m.denominator end) as denominator,
    max(case when m.stands = 'previous' then m.value end) as previous_value,
    max(case when m.stands = 'previous' then m.numerator end) as previous_numerator,
    max(case when m.stands = 'previous' then m.denominator end) as previous_denominator,
    max(pb.note) as previous_break,
    max(case when m.stands = 'year_before' then m.value end) as year_before_value,
    max(case when m.stands = 'year_before' then m.numerator end) as year_before_numerator,
    max(case when m.stands = 'year_before' then m.denominator end) as year_before_denominator,
    max(yb.note) as year_before_break,
    bool_or(p.is_complete) as is_complete
from moved as m
join periods as p
    on m.metric_id = p.metric_id and m.grain = p.grain and m.slice_name = p.slice_name
    and m.period_start = p.period_start
left join dashboards.broken_comparisons as pb
    on m.metric_id = pb.metric_id and m.grain = pb.grain and m.period_start = pb.period_start
    and case m.slice_name when 'network' then m.slice_value else 'all' end = pb.network
    and pb.comparison = 'previous'
left join dashboards.broken_comparisons as yb
    on m.metric_id = yb.metric_id and m.grain = yb.grain and m.period_start = yb.period_start
    and case m.slice_name when 'network' then m.slice_value else 'all' end = yb.network
    and yb.comparison = 'year_before'
group by 1, 2, 3, 4, 5
order by 1, 2, 4, 5, 3
