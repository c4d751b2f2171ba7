with rules as (
    select
        rules.*,
        organization.as_of
    from {{ ref('int_attribution_rules') }} as rules
    cross join {{ ref('int_organization') }} as organization
),

paths as (
    select
        journey_id,
        min(conversion_kind) as conversion_kind,
        max(conversions) as conversions,
        min(journey_date) as journey_date,
        min(occurred_date) as first_touch_date,
        max(occurred_date) as last_touch_date,
        count(*) as touches,
        count(distinct channel_id) as channels,
        count(distinct contact_id) as contacts,
        max(case when from_start = 1 then channel_id end) as first_channel_id,
        max(case when from_end = 1 then channel_id end) as last_channel_id
    from (
        select
            touches.*,
            row_number() over (partition by touches.journey_id order by touches.pos) as from_start,
            row_number() over (partition by touches.journey_id order by touches.pos desc) as from_end
        from {{ ref('fct_journey_touches') }} as touches
    ) as counted
    group by journey_id
),

-- A conversion without a touch that we know is a journey too: its path is not known.
journeys as (
    select
        conversions.conversion_kind || ':' || conversions.conversion_id as journey_id,
        conversions.conversion_kind,
        conversions.conversion_id,
        conversions.contact_id,
        conversions.company_id,
        'converted' as outcome,
        conversions.converted_date as journey_date,
        conversions.revenue_reporting,
        paths.first_touch_date,
        paths.last_touch_date,
        coalesce(paths.touches, 0) as touches,
        coalesce(paths.channels, 0) as channels,
        coalesce(paths.contacts, 0) as contacts,
        paths.first_channel_id,
        paths.last_channel_id
    from ({{ conversions() }}) as conversions
    left join paths on conversions.conversion_kind || ':' || conversions.conversion_id = paths.journey_id
    union all
    select
        paths.journey_id,
        paths.conversion_kind,
        {{ unknown('text') }} as conversion_id,
        {{ unknown('text') }} as contact_id,
        {{ unknown('text') }} as company_id,
        -- Who was touched within the look-back may still convert by it.
        case
            when {{ add_days('paths.last_touch_date', 'rules.look_back_days') }} >= rules.as_of then 'open'
            else 'unconverted'
        end as outcome,
        paths.journey_date,
        {{ unknown('money') }} as revenue_reporting,
        paths.first_touch_date,
        paths.last_touch_date,
        paths.touches,
        paths.channels,
        paths.contacts,
        paths.first_channel_id,
        paths.last_channel_id
    from paths
    cross join rules
    where paths.conversions = 0
)

select
    {{ surrogate_key(['journey_id']) }} as journey_key,
    journey_id,
    conversion_kind,
    conversion_id,
    contact_id,
    company_id,
    outcome,
    journey_date,
    {{ as_type('revenue_reporting', 'money') }} as revenue_reporting,
    first_touch_date,
    last_touch_date,
    {{ as_type('touches', 'integer') }} as touches,
    {{ as_type('channels', 'integer') }} as channels,
    {{ as_type('contacts', 'integer') }} as contacts,
    first_channel_id,
    last_channel_id
from journeys
