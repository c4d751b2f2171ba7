-- One row per metric, slice and part: what it gave to the change of the last complete quarter against the same quarter of the year before. The parts of one metric and slice add up to the whole change. A change across a changed definition of a network is not taken apart.
with compared as (
    select
        metric_id, slice_name, slice_value, sum(contribution) as contribution,
        period_from, period_to
    from metrics.metric_drivers
    where grain = 'quarter' and is_latest and slice_name <> 'account_id'
        and period_from = cast(period_to - interval 1 year as date)
    group by metric_id, slice_name, slice_value, period_from, period_to
),
named as (
    select distinct slice_name, slice_value, slice_label from dashboards.metric_series
)
select
    c.metric_id, m.label as metric, m.unit, c.slice_name,
    coalesce(n.slice_label, c.slice_value) as part, c.contribution, c.period_from, c.period_to
from compared as c
join metrics.dim_metrics as m on c.metric_id = m.metric_id
left join named as n on c.slice_name = n.slice_name and c.slice_value = n.slice_value
left join dashboards.broken_comparisons as b
    on c.metric_id = b.metric_id and b.grain = 'quarter' and c.period_to = b.period_start
    and b.comparison = 'year_before' and b.network = 'all'
where b.note is null
order by 1, 4, abs(c.contribution) desc, 5
