{# Lifetime counters become days.

   What came in since the capture before belongs to the days between the two, in equal parts; what the
   first capture shows belongs to the days since publication. A stretch of more than 28 days gives its
   first 28: posts live short. A counter that nobody read is unknown, not 0, and the next known value
   is compared with the last known one. A fall is a correction and is kept apart. Between two series
   (int_metric_series_numbered) there is no difference: the days are unknown and the new one starts. #}
{%- set counters = ['impressions', 'reactions', 'comments', 'shares', 'saves', 'clicks', 'link_clicks', 'video_views'] %}
{%- set acts = ['reactions', 'comments', 'shares', 'saves', 'clicks'] %}
{%- set of_post = 'captures.network, captures.account_id, captures.post_id' %}
with pairs as (
    select
        captures.network,
        captures.account_id,
        captures.post_id,
        captures.ownership,
        captures.campaign_id,
        captures.is_paid,
        captures.published_date,
        captures.captured_on,
        lag(captures.captured_on) over (partition by {{ of_post }} order by captures.captured_on) as captured_before
        {%- for counter in counters %},
        captures.{{ counter }},
        series.{{ counter }}_series,
        {{ last_known('captures.' ~ counter, of_post, 'captures.captured_on') }} as {{ counter }}_before,
        {{ last_known('case when captures.' ~ counter ~ ' is not null then series.' ~ counter ~ '_series end', of_post, 'captures.captured_on') }} as {{ counter }}_series_before
        {%- endfor %}
    from {{ ref('int_post_captures_unioned') }} as captures
    inner join {{ ref('int_metric_series_numbered') }} as series
        on
            captures.network = series.network
            and captures.captured_on = series.captured_on
            and coalesce(captures.metric_definition, '') = series.metric_definition
),

differences as (
    select
        network,
        account_id,
        post_id,
        ownership,
        campaign_id,
        is_paid,
        captured_on,
        case
            when captured_before is not null then {{ add_days('captured_before', '1') }}
            when published_date < captured_on then published_date
            else captured_on
        end as first_day
        {%- for counter in counters %},
        case
            when {{ counter }}_before is null then {{ counter }}
            when {{ counter }}_series_before = {{ counter }}_series then {{ counter }} - {{ counter }}_before
        end as {{ counter }}
        {%- endfor %}
    from pairs
),

stretches as (
    select
        differences.*,
        case
            when {{ days_between('first_day', 'captured_on') }} < 28 then {{ days_between('first_day', 'captured_on') }} + 1
            else 28
        end as days
    from differences
),

days_of_stretches as (
    {{ days_of_stretches(28) }}
),

days as (
    select
        stretches.network,
        stretches.account_id,
        stretches.post_id,
        stretches.ownership,
        stretches.campaign_id,
        stretches.is_paid,
        {{ add_days('stretches.first_day', 'numbered.day_number') }} as date_day
        {%- for counter in counters %},
        case when stretches.{{ counter }} >= 0 then
            {{ share_of_day('stretches.' ~ counter, 'numbered.day_number', 'stretches.days', 'integer') }}
        end as {{ counter }}
        {%- endfor %}
        {%- for counter in ['impressions'] + acts %},
        case when stretches.{{ counter }} < 0 and numbered.day_number = stretches.days - 1
            then stretches.{{ counter }} end as {{ counter }}_correction
        {%- endfor %}
    from stretches
    inner join days_of_stretches as numbered on stretches.days = numbered.days
)

select
    network,
    account_id,
    post_id,
    ownership,
    campaign_id,
    is_paid,
    date_day,
    {%- for counter in counters %}
    {{ counter }},
    {%- endfor %}
    {{ sum_known(acts) }} as engagements,
    impressions_correction,
    {{ sum_known(['reactions_correction', 'comments_correction', 'shares_correction', 'saves_correction', 'clicks_correction']) }} as engagements_correction
from days
