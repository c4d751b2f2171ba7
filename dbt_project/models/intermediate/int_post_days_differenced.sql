{# Lifetime counters become days.

   What came in since the capture before belongs to the days between the two, in equal parts; what the
   first capture shows belongs to the days since publication. A stretch of more than 28 days gives its
   first 28: posts live short. A counter that nobody read is unknown, not 0, and the next known value
   is compared with the last known one. A fall is a correction and is kept apart. Across a changed
   definition there is no difference: the day is unknown and the new series starts there. A change
   that metric_availability names touches the counters it names; one that only the export names
   (metric_definition) touches all. #}
{%- set counters = ['impressions', 'reactions', 'comments', 'shares', 'saves', 'clicks', 'link_clicks', 'video_views'] %}
{%- set acts = ['reactions', 'comments', 'shares', 'saves', 'clicks'] %}
{%- set of_post = 'captures.network, captures.account_id, captures.post_id' %}
with captures as (
    select
        captures.*,
        {%- for counter in counters %}
        breaks.{{ counter }}_breaks,
        {%- endfor %}
        breaks.breaks,
        lag(captures.captured_on) over (partition by {{ of_post }} order by captures.captured_on) as captured_before,
        {{ last_known('captures.metric_definition', of_post, 'captures.captured_on') }} as definition_before,
        lag(breaks.breaks) over (partition by {{ of_post }} order by captures.captured_on) as breaks_before
    from {{ ref('int_post_captures_unioned') }} as captures
    inner join {{ ref('int_metric_breaks_counted') }} as breaks
        on captures.network = breaks.network and captures.captured_on = breaks.captured_on
),

series as (
    select
        captures.*,
        sum(
            case when captures.metric_definition <> captures.definition_before
                and captures.breaks = captures.breaks_before then 1 else 0 end
        ) over (
            partition by {{ of_post }} order by captures.captured_on
            rows between unbounded preceding and current row
        ) as unnamed_breaks
    from captures
),

pairs as (
    select
        captures.*,
        {%- for counter in counters %}
        {{ last_known('captures.' ~ counter, of_post, 'captures.captured_on') }} as {{ counter }}_before,
        {{ last_known('case when captures.' ~ counter ~ ' is not null then captures.' ~ counter ~ '_breaks + captures.unnamed_breaks end', of_post, 'captures.captured_on') }} as {{ counter }}_series_before
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from series as captures
),

differences as (
    select
        network,
        account_id,
        post_id,
        ownership,
        campaign_id,
        is_paid,
        case
            when captured_before is not null then {{ add_days('captured_before', '1') }}
            when published_date < captured_on then published_date
            else captured_on
        end as first_day,
        captured_on,
        {%- for counter in counters %}
        case
            when {{ counter }}_before is null then {{ counter }}
            when {{ counter }}_series_before = {{ counter }}_breaks + unnamed_breaks then {{ counter }} - {{ counter }}_before
        end as {{ counter }}
        {%- if not loop.last %},{% endif %}
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

day_numbers as (
    {{ numbers(2) }}
),

days as (
    select
        stretches.network,
        stretches.account_id,
        stretches.post_id,
        stretches.ownership,
        stretches.campaign_id,
        stretches.is_paid,
        {{ add_days('stretches.first_day', 'day_numbers.n') }} as date_day,
        {%- for counter in counters %}
        case when stretches.{{ counter }} >= 0 then
            {{ share_of_day('stretches.' ~ counter, 'day_numbers.n', 'stretches.days', 'integer') }}
        end as {{ counter }},
        {%- endfor %}
        {%- for counter in ['impressions'] + acts %}
        case when stretches.{{ counter }} < 0 and day_numbers.n = stretches.days - 1
            then stretches.{{ counter }} end as {{ counter }}_correction
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from stretches
    inner join day_numbers on day_numbers.n < stretches.days
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
