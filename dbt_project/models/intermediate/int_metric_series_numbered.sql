{# Which series a counter belongs to, by network, day of capture and the definition that the export
   names: two captures are comparable when the number is the same. A change that metric_availability
   knows begins a series of the metrics it names. One that only the export knows (metric_definition
   becomes another, and no known change explains it) begins a series of every counter. #}
{%- set counters = ['impressions', 'reactions', 'comments', 'shares', 'saves', 'clicks', 'link_clicks', 'video_views'] %}
with days as (
    select distinct
        network,
        captured_on,
        coalesce(metric_definition, '') as metric_definition
    from {{ ref('int_post_captures_unioned') }}
),

breaks as (
    select network, metric, available_from
    from {{ ref('metric_availability') }}
    where is_break and available_from is not null
),

definitions as (
    select
        network,
        metric_definition,
        min(captured_on) as first_day
    from days
    where metric_definition <> ''
    group by network, metric_definition
),

definitions_in_order as (
    select
        definitions.*,
        lag(first_day) over (partition by network order by first_day, metric_definition) as first_day_before
    from definitions
),

unexplained as (
    select
        followed.network,
        followed.metric_definition,
        followed.first_day,
        case when followed.first_day_before is not null and count(breaks.metric) = 0 then 1 else 0 end as is_unexplained
    from definitions_in_order as followed
    left join breaks
        on
            followed.network = breaks.network
            and followed.first_day_before < breaks.available_from
            and followed.first_day >= breaks.available_from
    group by followed.network, followed.metric_definition, followed.first_day, followed.first_day_before
),

unexplained_counted as (
    select
        network,
        metric_definition,
        sum(is_unexplained) over (
            partition by network order by first_day, metric_definition
            rows between unbounded preceding and current row
        ) as unexplained_changes
    from unexplained
),

known_counted as (
    select
        days.network,
        days.captured_on,
        days.metric_definition
        {%- for counter in counters %},
        count(case when breaks.metric = '{{ counter }}' then 1 end) as {{ counter }}_changes
        {%- endfor %}
    from days
    left join breaks on days.network = breaks.network and days.captured_on >= breaks.available_from
    group by days.network, days.captured_on, days.metric_definition
)

select
    known.network,
    known.captured_on,
    known.metric_definition
    {%- for counter in counters %},
    {{ as_type('known.' ~ counter ~ '_changes * 1000 + coalesce(unexplained_counted.unexplained_changes, 0)', 'integer') }} as {{ counter }}_series
    {%- endfor %}
from known_counted as known
left join unexplained_counted
    on known.network = unexplained_counted.network and known.metric_definition = unexplained_counted.metric_definition
