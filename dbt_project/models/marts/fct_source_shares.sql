{# What customers say beside what paths show, for the same channels and days. Days differ in meaning: of an
   answer the day the lead came, of credit the day it was qualified. #}
with credited as (
    select
        converted_date,
        channel_id,
        sum(cast(credit as decimal(28, 12))) as leads_credited
    from {{ ref('fct_attribution') }}
    where conversion_kind = 'lead_qualified' and model = 'linear'
    group by converted_date, channel_id
),

converted as (
    select
        journey_date,
        count(*) as leads_converted
    from {{ ref('fct_journeys') }}
    where conversion_kind = 'lead_qualified' and outcome = 'converted'
    group by journey_date
),

days as (
    select date_day from {{ ref('fct_self_reports') }}
    union
    select journey_date as date_day from converted
),

channels as (
    select channel_id from {{ ref('dim_channels') }} where channel_id <> 'unknown'
    union all
    select 'decoy' as channel_id
)

select
    {{ surrogate_key(['days.date_day', 'channels.channel_id']) }} as source_share_key,
    days.date_day,
    channels.channel_id,
    coalesce(said.answers_naming, 0) as answers_naming,
    coalesce(said.answers_valid, 0) as answers_valid,
    {{ as_type('coalesce(credited.leads_credited, 0)', 'number') }} as leads_credited,
    {{ as_type('coalesce(converted.leads_converted, 0)', 'integer') }} as leads_converted
from days
cross join channels
left join {{ ref('fct_self_reports') }} as said
    on days.date_day = said.date_day and channels.channel_id = said.channel_id
left join credited on days.date_day = credited.converted_date and channels.channel_id = credited.channel_id
left join converted on days.date_day = converted.journey_date
