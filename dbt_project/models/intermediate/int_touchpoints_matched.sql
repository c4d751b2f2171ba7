{# Touchpoints with the contact they are of: by the CRM's id, else by hashed e-mail, else nobody's. The day is
   that of the account's time zone where an account of ours is named, else the organization's. #}
with organization as (
    select time_zone from {{ ref('int_organization') }}
),

keys as (
    select * from {{ ref('int_crm_ids_matched') }}
    where entity = 'contact'
),

handles as (
    select
        lower(trim(account)) as handle,
        min(account_id) as account_id
    from {{ ref('int_accounts_seen') }}
    group by lower(trim(account))
    having count(distinct account_id) = 1
),

matched as (
    select
        touchpoints.*,
        coalesce(own_ids.entity_id, ids.entity_id) as contact_by_id,
        emails.entity_id as contact_by_email,
        handles.account_id,
        coalesce(register.time_zone, organization.time_zone) as time_zone
    from {{ ref('stg_feeds__touchpoints') }} as touchpoints
    cross join organization
    left join keys as own_ids
        on
            own_ids.key_kind = 'crm_id'
            and touchpoints.source_system || ':' || touchpoints.contact_id = own_ids.reference
    left join keys as ids
        on
            ids.key_kind = 'crm_id'
            and touchpoints.contact_id = ids.reference
    left join keys as emails
        on
            emails.key_kind = 'email'
            and touchpoints.contact_email_hash = emails.reference
    left join handles on lower(trim(touchpoints.reported_account)) = handles.handle
    left join {{ ref('int_accounts_registered') }} as register on handles.account_id = register.account_id
)

select
    matched.source_system || ':' || matched.touchpoint_id as touchpoint_id,
    matched.source_system,
    matched.occurred_at,
    {{ to_local_date('matched.occurred_at', 'matched.time_zone') }} as occurred_date,
    coalesce(channels.channel_id, 'unknown') as channel_id,
    matched.kind,
    campaigns.campaign_id,
    matched.account_id,
    coalesce(matched.contact_by_id, matched.contact_by_email) as contact_id,
    case
        when matched.contact_by_id is not null then 'crm_id'
        when matched.contact_by_email is not null then 'email'
    end as match_key,
    matched.event_id,
    upper(trim(matched.promo_code)) as promo_code,
    matched.call_seconds,
    -- A call of a minute or more from a number that never called before.
    case when matched.kind = 'call' then matched.call_seconds >= 60 and matched.is_first_call end as is_qualified_call,
    matched.geography
from matched
left join {{ ref('channels') }} as channels on matched.reported_channel = channels.channel_id
left join {{ ref('int_campaigns_resolved') }} as campaigns on matched.campaign_text = campaigns.campaign_text
