{# The table for a media mix model. A week counts when it is over. A channel that has a series but spent
   nothing in a week is at 0 there, between the first and the last week that its feed tells of; before, after,
   and where a booking has no amount or no rate, its spend is unknown. Nothing is spread over geographies:
   what was booked for all of them stands under 'all'. #}
{%- set channels = [
    'tv', 'radio', 'print', 'out_of_home', 'direct_mail', 'events', 'paid_social', 'paid_search', 'display', 'email',
] %}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

spends as (
    select
        coalesce(geography, 'all') as geography,
        {{ period_start('date_day', 'week') }} as week_start_date,
        channel_id,
        sum(spend_reporting) as spend,
        count(*) - count(spend_reporting) as unknown_spends
    from {{ ref('fct_channel_days') }}
    where channel_id in ('{{ channels | join("', '") }}')
    group by coalesce(geography, 'all'), {{ period_start('date_day', 'week') }}, channel_id
),

organic as (
    select
        coalesce(geography, 'all') as geography,
        {{ period_start('date_day', 'week') }} as week_start_date,
        sum(impressions) as impressions
    from {{ ref('fct_channel_days') }}
    where channel_id = 'organic_social' and impressions is not null
    group by coalesce(geography, 'all'), {{ period_start('date_day', 'week') }}
),

revenues as (
    select
        coalesce(geography, 'all') as geography,
        {{ period_start('ordered_date', 'week') }} as week_start_date,
        sum(amount_reporting) as revenue,
        count(*) - count(amount_reporting) as unknown_amounts
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

clips as (
    select
        coalesce(geography, 'all') as geography,
        {{ period_start('published_date', 'week') }} as week_start_date,
        count(*) as media_clips
    from {{ ref('fct_media_clips') }}
    where published_date is not null
    group by coalesce(geography, 'all'), {{ period_start('published_date', 'week') }}
),

-- Which series a geography has, and which weeks its feed tells of (all geographies of a feed together).
series as (
    select geography, channel_id as series, week_start_date from spends
    union all
    select geography, 'organic' as series, week_start_date from organic
    union all
    select geography, 'revenue' as series, week_start_date from revenues
    union all
    select geography, 'leads' as series, week_start_date from leads
    union all
    select geography, 'clips' as series, week_start_date from clips
),

coverage as (
    select
        geographies.geography,
        geographies.series,
        feeds.first_week,
        feeds.last_week
    from (select distinct geography, series from series) as geographies
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
        {%- for series in channels + ['organic', 'revenue', 'leads', 'clips'] %}
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
    {%- for channel in channels %}
    {{ as_type(
        'case when spends_wide.unknown_' ~ channel ~ ' = 1 then null when covered.has_' ~ channel
        ~ ' = 1 then coalesce(spends_wide.spend_' ~ channel ~ ', 0) end', 'money'
    ) }} as spend_{{ channel }},
    {%- endfor %}
    {{ as_type('case when covered.has_organic = 1 then organic.impressions end', 'integer') }}
        as impressions_organic_social,
    {{ as_type('case when covered.has_clips = 1 then coalesce(clips.media_clips, 0) end', 'integer') }} as media_clips
from covered
left join spends_wide
    on covered.geography = spends_wide.geography and covered.week_start_date = spends_wide.week_start_date
left join organic
    on covered.geography = organic.geography and covered.week_start_date = organic.week_start_date
left join revenues
    on covered.geography = revenues.geography and covered.week_start_date = revenues.week_start_date
left join leads
    on covered.geography = leads.geography and covered.week_start_date = leads.week_start_date
left join clips
    on covered.geography = clips.geography and covered.week_start_date = clips.week_start_date
