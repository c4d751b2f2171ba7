{# Attendances come from the event tool; people are counted in touchpoints and are unknown for an event of
   which none was recorded. #}
with attended as (
    select
        event_id,
        count(distinct contact_id) as attended_contacts
    from {{ ref('fct_touchpoints') }}
    where event_id is not null and (kind = 'attended' or kind is null)
    group by event_id
)

select
    {{ surrogate_key(['events.event_id']) }} as event_key,
    events.event_id,
    events.event_name,
    events.kind,
    events.starts_on,
    events.ends_on,
    events.geography,
    campaigns.campaign_id,
    events.registered,
    events.attended as attendances,
    -- Nobody known of is not nobody.
    {{ as_type('nullif(attended.attended_contacts, 0)', 'integer') }} as attended_contacts,
    {{ at_rate('events.spend', 'rates.fx_rate') }} as spend_reporting,
    events.spend,
    events.currency,
    rates.fx_rate,
    rates.fx_rate_date,
    events.owner_role
from {{ ref('stg_feeds__events') }} as events
left join attended on events.event_id = attended.event_id
left join {{ ref('int_campaigns_resolved') }} as campaigns on events.campaign_text = campaigns.campaign_text
left join {{ ref('int_fx_rates_filled') }} as rates
    on events.currency = rates.currency and events.starts_on = rates.date_day
