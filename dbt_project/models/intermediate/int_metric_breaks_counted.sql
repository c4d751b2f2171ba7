{# How many times a network had redefined a counter by the day of a capture: two captures are comparable
   when the number is the same. #}
{%- set counters = ['impressions', 'reactions', 'comments', 'shares', 'saves', 'clicks', 'link_clicks', 'video_views'] %}
with days as (
    select distinct network, captured_on from {{ ref('int_post_captures_unioned') }}
),

breaks as (
    select network, metric, available_from
    from {{ ref('metric_availability') }}
    where is_break and available_from is not null
)

select
    days.network,
    days.captured_on,
    {%- for counter in counters %}
    count(case when breaks.metric = '{{ counter }}' then 1 end) as {{ counter }}_breaks,
    {%- endfor %}
    count(breaks.metric) as breaks
from days
left join breaks on days.network = breaks.network and breaks.available_from <= days.captured_on
group by days.network, days.captured_on
