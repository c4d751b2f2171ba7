{# The table for a media mix model. A week counts when it is over. A channel that spent nothing in a week is at 0
   there, between the first and the last week that its feed tells of, also in a geography that its bookings never
   name; before, after, and where a booking has no amount or no rate, its spend is unknown. Nothing is spread over
   geographies: what was booked for all of them stands under 'all'. #}
{%- set channels = mix_channels() %}
{%- set exposures = mix_exposures() %}
{%- set unpaid = {'organic': 'organic_social', 'advocacy': 'employee_advocacy'} %}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

spends as (
    select
        coalesce(geography, 'all') as geography,
        {{ period_start('date_day', 'week') }} as week_start_date,
        channel_id,
        sum(spend_reporting) as spend,
        count(*) - count(spend_reporting) as unknown_spends,
        sum(impressions) as impressions,
        sum(deliveries) as deliveries
    from {{ ref('fct_channel_days') }}
    where channel_id in ('{{ channels | join("', '") }}')
    group by coalesce(geography, 'all'), {{ period_start('date_day', 'week') }}, channel_id
),

{%- for series, channel in unpaid.items() %}
{{ series }} as (
    select
        coalesce(geography, 'all') as geography,
        {{ period_start('date_day', 'week') }} as week_start_date,
        sum(impressions) as impressions
    from {{ ref('fct_channel_days') }}
    where channel_id = '{{ channel }}' and impressions is not null
    group by coalesce(geography, 'all'), {{ period_start('date_day', 'week') }}
),
{% endfor %}
revenues as (
    select
        coalesce(geography, 'all') as geography,
        {{ period_start('ordered_date', 'week') }} as week_start_date,
        sum(amount_reporting) as revenue,
        count(*) - count(amount_reporting) as unknown_amounts,
        case when min(row_period) = 'order' and max(row_period) = 'order' then count(*) end as orders
    from {{ ref('fct_orders') }}
    group by coalesce(geography, 'all'), {{ period_start('ordered_date', 'week') }}
),

leads as (
    select
        coalesce(geography, 'all') as geography,
        {{ period_start('created_date', 'week') }} as week_start_date,
        count(*) as leads_created
    from {{ ref('fct_leads') }}
    group by coalesce(geography, 'all'), {{ period_start('created_date', 'week') }}
),

-- By the day on which they were qualified, as their credit is.
qualified as (
    select
        coalesce(geography, 'all') as geography,
        {{ period_start('qualified_date', 'week') }} as week_start_date,
        count(*) as leads_qualified
    from {{ ref('fct_leads') }}
    where is_qualified and qualified_date is not null
    group by coalesce(geography, 'all'), {{ period_start('qualified_date', 'week') }}
),

clips as (
    select
        coalesce(geography, 'all') as geography,
        {{ period_start('published_date', 'week') }} as week_start_date,
        count(*) as media_clips
    from {{ ref('fct_media_clips') }}
    where published_date is not null
    group by coalesce(geography, 'all'), {{ period_start('published_date', 'week') }}
),

-- Which series are booked by place or for all places, and which weeks a feed tells of, all places together.
series as (
    select geography, channel_id as series, week_start_date from spends
    union all
    {%- for series in unpaid %}
    select geography, '{{ series }}' as series, week_start_date from {{ series }}
    union all
    {%- endfor %}
    select geography, 'revenue' as series, week_start_date from revenues
    union all
    select geography, 'leads' as series, week_start_date from leads
    union all
    select geography, 'qualified' as series, week_start_date from qualified
    union all
    select geography, 'clips' as series, week_start_date from clips
),

coverage as (
    select
        geographies.geography,
        geographies.series,
        feeds.first_week,
        feeds.last_week
    from (
        select
            places.geography,
            booked.series
        from (select distinct geography from series where geography <> 'all') as places
        cross join (select distinct series from series where geography <> 'all') as booked
        union all
        select distinct
            geography,
            series
        from series
        where geography = 'all'
    ) as geographies
    inner join (
        select
            series,
            min(week_start_date) as first_week,
            max(week_start_date) as last_week
        from series
        group by series
    ) as feeds
        on geographies.series = feeds.series
),

geographies as (
    select
        geography,
        min(first_week) as first_week,
        max(last_week) as last_week
    from coverage
    group by geography
),

weeks as (
    select
        geographies.geography,
        dates.date_day as week_start_date
    from geographies
    cross join organization
    inner join {{ ref('dim_dates') }} as dates
        on
            dates.date_day between geographies.first_week and geographies.last_week
            and dates.day_of_week = 1
            and {{ add_days('dates.date_day', 6) }} <= organization.as_of
),

covered as (
    select
        weeks.geography,
        weeks.week_start_date,
        {%- for series in channels + unpaid.keys() | list + ['revenue', 'leads', 'qualified', 'clips'] %}
        max(case when coverage.series = '{{ series }}' then 1 else 0 end) as has_{{ series }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from weeks
    left join coverage
        on
            weeks.geography = coverage.geography
            and weeks.week_start_date between coverage.first_week and coverage.last_week
    group by weeks.geography, weeks.week_start_date
),

spends_wide as (
    select
        geography,
        week_start_date,
        {%- for channel in channels %}
        sum(case when channel_id = '{{ channel }}' and unknown_spends = 0 then spend end) as spend_{{ channel }},
        max(case when channel_id = '{{ channel }}' and unknown_spends > 0 then 1 else 0 end) as unknown_{{ channel }}
        {%- if channel in exposures %},
        max(case when channel_id = '{{ channel }}' then 1 else 0 end) as booked_{{ channel }},
        sum(case when channel_id = '{{ channel }}' then {{ exposures[channel] }} end) as exposure_{{ channel }}
        {%- endif %}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from spends
    group by geography, week_start_date
)

select
    {{ surrogate_key(['covered.geography', 'covered.week_start_date']) }} as mmm_week_key,
    covered.geography,
    covered.week_start_date,
    {{ as_type(
        'case when revenues.unknown_amounts > 0 then null when covered.has_revenue = 1'
        ~ ' then coalesce(revenues.revenue, 0) end', 'money'
    ) }} as revenue_reporting,
    {{ as_type('case when covered.has_leads = 1 then coalesce(leads.leads_created, 0) end', 'integer') }}
        as leads_created,
    {{ as_type('case when covered.has_qualified = 1 then coalesce(qualified.leads_qualified, 0) end', 'integer') }}
        as leads_qualified,
    {{ as_type(
        'case when covered.has_revenue = 1 and revenues.week_start_date is null then 0'
        ~ ' when covered.has_revenue = 1 then revenues.orders end', 'integer'
    ) }} as orders,
    {%- for channel in channels %}
    {{ as_type(
        'case when spends_wide.unknown_' ~ channel ~ ' = 1 then null when covered.has_' ~ channel
        ~ ' = 1 then coalesce(spends_wide.spend_' ~ channel ~ ', 0) end', 'money'
    ) }} as spend_{{ channel }},
    {%- if channel in exposures %}
    -- Booked, but not counted, is unknown.
    {{ as_type(
        'case when spends_wide.booked_' ~ channel ~ ' = 1 then spends_wide.exposure_' ~ channel
        ~ ' when covered.has_' ~ channel ~ ' = 1 then 0 end', 'integer'
    ) }} as {{ exposures[channel] }}_{{ channel }},
    {%- endif %}
    {%- endfor %}
    {%- for series, channel in unpaid.items() %}
    {{ as_type('case when covered.has_' ~ series ~ ' = 1 then ' ~ series ~ '.impressions end', 'integer') }}
        as impressions_{{ channel }},
    {%- endfor %}
    {{ as_type('case when covered.has_clips = 1 then coalesce(clips.media_clips, 0) end', 'integer') }} as media_clips
from covered
left join spends_wide
    on covered.geography = spends_wide.geography and covered.week_start_date = spends_wide.week_start_date
{%- for series in unpaid %}
left join {{ series }}
    on covered.geography = {{ series }}.geography and covered.week_start_date = {{ series }}.week_start_date
{%- endfor %}
left join revenues
    on covered.geography = revenues.geography and covered.week_start_date = revenues.week_start_date
left join leads
    on covered.geography = leads.geography and covered.week_start_date = leads.week_start_date
left join qualified
    on covered.geography = qualified.geography and covered.week_start_date = qualified.week_start_date
left join clips
    on covered.geography = clips.geography and covered.week_start_date = clips.week_start_date
