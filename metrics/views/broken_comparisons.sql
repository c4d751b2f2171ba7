-- One row per metric, grain, period, comparison (previous, year_before) and network (all: any of them) whose definition changed after the earlier period began and before the later one was over.
with periods as (
    select distinct
        metric_id, grain, period_start,
        cast(case grain
            when 'week' then period_start + interval 7 day
            when 'month' then period_start + interval 1 month
            when 'quarter' then period_start + interval 3 month
            else period_start + interval 1 year
        end as date) as next_start,
        cast(case grain
            when 'week' then period_start - interval 7 day
            when 'month' then period_start - interval 1 month
            when 'quarter' then period_start - interval 3 month
            else period_start - interval 1 year
        end as date) as previous,
        cast(case grain
            when 'week' then period_start - interval 364 day
            else period_start - interval 1 year
        end as date) as year_before
    from metrics.metric_values
    where grain in ('week', 'month', 'quarter', 'year')
),
compared as (
    select metric_id, grain, period_start, next_start, 'previous' as comparison,
        previous as earlier_start
    from periods
    union all
    select metric_id, grain, period_start, next_start, 'year_before', year_before from periods
),
crossed as (
    select c.metric_id, c.grain, c.period_start, c.comparison, b.network, b.note
    from compared as c
    join dashboards.metric_breaks as b
        on c.metric_id = b.metric_id
        and b.changed_on > c.earlier_start and b.changed_on < c.next_start
)
select metric_id, grain, period_start, comparison, network,
    string_agg(distinct note, ', ' order by note) as note
from crossed
group by 1, 2, 3, 4, 5
union all
select metric_id, grain, period_start, comparison, 'all', string_agg(distinct note, ', ' order by note)
from crossed
group by 1, 2, 3, 4
order by 1, 2, 3, 4, 5
