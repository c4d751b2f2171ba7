{# Every channel has a row on a day with answers, named or not: who was not named was not named, and that
   is known. An answer that no rule could code ('unknown') is not a valid one. #}
with answers as (
    select
        created_date,
        case when is_decoy then 'decoy' else self_reported_channel end as channel_id
    from {{ ref('fct_leads') }}
    where is_decoy or self_reported_channel <> 'unknown'
),

days as (
    select
        created_date,
        count(*) as answers_valid
    from answers
    group by created_date
),

named as (
    select
        created_date,
        channel_id,
        count(*) as answers_naming
    from answers
    group by created_date, channel_id
),

channels as (
    select channel_id from {{ ref('dim_channels') }} where channel_id <> 'unknown'
    union all
    select 'decoy' as channel_id
)

select
    {{ surrogate_key(['days.created_date', 'channels.channel_id']) }} as self_report_key,
    days.created_date as date_day,
    channels.channel_id,
    {{ as_type('coalesce(named.answers_naming, 0)', 'integer') }} as answers_naming,
    {{ as_type('days.answers_valid', 'integer') }} as answers_valid
from days
cross join channels
left join named
    on
        days.created_date = named.created_date
        and channels.channel_id = named.channel_id
