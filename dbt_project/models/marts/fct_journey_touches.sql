{# Paths: the touches of a buyer before a conversion, and those that led to none. Of a deal the buyer is the
   company with everybody whom we know there, because several people decide; of a lead it is the contact. #}
with rules as (
    select * from {{ ref('int_attribution_rules') }}
),

conversions as (
    {{ conversions() }}
),

touches as (
    select
        touchpoints.touchpoint_id,
        touchpoints.occurred_at,
        touchpoints.occurred_date,
        touchpoints.channel_id,
        touchpoints.contact_id,
        contacts.company_id
    from {{ ref('fct_touchpoints') }} as touchpoints
    left join {{ ref('dim_contacts') }} as contacts on touchpoints.contact_id = contacts.contact_id
    where
        touchpoints.contact_id is not null
        and touchpoints.channel_id not in (
            select setting_value from {{ ref('stg_ingest__settings') }}
            where setting like 'attribution_excluded_channels:%'
        )
),

-- The deal's contact may be of another company, or of none.
buyers as (
    select conversion_kind, conversion_id, contact_id, converted_date
    from conversions
    where contact_id is not null
    union
    select conversions.conversion_kind, conversions.conversion_id, contacts.contact_id, conversions.converted_date
    from conversions
    inner join {{ ref('dim_contacts') }} as contacts on conversions.company_id = contacts.company_id
),

converting as (
    select
        buyers.conversion_kind || ':' || buyers.conversion_id as journey_id,
        buyers.conversion_kind,
        touches.touchpoint_id,
        touches.occurred_at,
        touches.occurred_date,
        touches.channel_id,
        touches.contact_id,
        buyers.converted_date as journey_date
    from buyers
    cross join rules
    inner join touches
        on
            buyers.contact_id = touches.contact_id
            and touches.occurred_date <= buyers.converted_date
            and touches.occurred_date >= {{ add_days('buyers.converted_date', '-rules.look_back_days') }}
),

-- What no conversion can have: the buyer's time, cut in stretches as long as the look-back.
free as (
    select
        kinds.conversion_kind,
        case
            when kinds.conversion_kind = 'deal_won' then coalesce(touches.company_id, touches.contact_id)
            else touches.contact_id
        end as buyer_id,
        touches.touchpoint_id,
        touches.occurred_at,
        touches.occurred_date,
        touches.channel_id,
        touches.contact_id
    from touches
    cross join (
        select 'deal_won' as conversion_kind union all select 'lead_qualified' as conversion_kind
    ) as kinds
    left join converting
        on
            kinds.conversion_kind = converting.conversion_kind
            and touches.touchpoint_id = converting.touchpoint_id
    where converting.touchpoint_id is null
),

begun as (
    select
        free.*,
        min(occurred_date) over (partition by conversion_kind, buyer_id) as first_date
    from free
),

stretched as (
    select
        begun.*,
        {{ as_type(
            'floor(' ~ as_type(days_between('begun.first_date', 'begun.occurred_date'), 'number')
            ~ ' / (rules.look_back_days + 1))', 'integer'
        ) }} as stretch
    from begun
    cross join rules
),

leading_nowhere as (
    select
        conversion_kind || ':' || buyer_id || ':' || {{ as_type('min(occurred_date) over (partition by conversion_kind, buyer_id, stretch)', 'text') }}
            as journey_id,
        conversion_kind,
        touchpoint_id,
        occurred_at,
        occurred_date,
        channel_id,
        contact_id,
        max(occurred_date) over (partition by conversion_kind, buyer_id, stretch) as journey_date
    from stretched
),

together as (
    select *, 1 as conversions from converting
    union all
    select *, 0 as conversions from leading_nowhere
),

-- Channels of last resort stay only where the whole path is of such.
judged as (
    select
        together.*,
        case when resorts.setting_value is null then 0 else 1 end as is_last_resort,
        min(case when resorts.setting_value is null then 0 else 1 end) over (partition by together.journey_id)
            as has_nothing_else
    from together
    left join {{ ref('stg_ingest__settings') }} as resorts
        on
            resorts.setting like 'attribution_last_resort_channels:%'
            and together.channel_id = resorts.setting_value
),

repeated as (
    select
        judged.*,
        lag(channel_id) over (partition by journey_id order by occurred_at, touchpoint_id) as channel_before,
        row_number() over (partition by journey_id, channel_id order by occurred_at, touchpoint_id) as time_of_channel
    from judged
    where is_last_resort = 0 or has_nothing_else = 1
),

numbered as (
    select
        repeated.*,
        rules.look_back_steps,
        row_number() over (partition by repeated.journey_id order by repeated.occurred_at, repeated.touchpoint_id) as pos,
        count(*) over (partition by repeated.journey_id) as touches
    from repeated
    cross join rules
    where
        rules.repeats = 'keep'
        or (rules.repeats = 'collapse' and (repeated.channel_before is null or repeated.channel_before <> repeated.channel_id))
        or (rules.repeats = 'first' and repeated.time_of_channel = 1)
)

select
    {{ surrogate_key(['journey_id', 'touchpoint_id']) }} as journey_touch_key,
    journey_id,
    conversion_kind,
    {{ as_type('pos - case when touches > look_back_steps then touches - look_back_steps else 0 end', 'integer') }} as pos,
    touchpoint_id,
    occurred_at,
    occurred_date,
    channel_id,
    contact_id,
    journey_date,
    {{ days_between('occurred_date', 'journey_date') }} as days_before,
    {{ as_type('conversions', 'integer') }} as conversions
from numbered
where look_back_steps is null or pos > touches - look_back_steps
