with organization as (
    select * from {{ ref('int_organization') }}
),

ids as (
    select * from {{ ref('int_crm_ids_matched') }}
),

leads as (
    select
        leads.*,
        leads.source_system || ':' || leads.lead_id as lead_reference,
        {{ to_local_date('leads.created_at', 'organization.time_zone') }} as created_date,
        coalesce(own_contacts.entity_id, contacts.entity_id, emails.entity_id) as matched_contact_id,
        coalesce(own_deals.entity_id, deals.entity_id) as matched_deal_id,
        organization.as_of,
        organization.time_zone
    from {{ ref('stg_feeds__leads') }} as leads
    cross join organization
    left join ids as own_contacts
        on
            own_contacts.entity = 'contact'
            and own_contacts.key_kind = 'crm_id'
            and leads.source_system || ':' || leads.contact_id = own_contacts.reference
    left join ids as contacts
        on
            contacts.entity = 'contact'
            and contacts.key_kind = 'crm_id'
            and leads.contact_id = contacts.reference
    left join ids as emails
        on
            emails.entity = 'contact'
            and emails.key_kind = 'email'
            and leads.email_hash = emails.reference
    left join ids as own_deals
        on
            own_deals.entity = 'deal'
            and leads.source_system || ':' || leads.converted_deal_id = own_deals.reference
    left join ids as deals
        on
            deals.entity = 'deal'
            and leads.converted_deal_id = deals.reference
)

select
    {{ surrogate_key(['leads.lead_reference']) }} as lead_key,
    leads.lead_reference as lead_id,
    leads.source_system as lead_system,
    leads.created_at,
    leads.created_date,
    leads.matched_contact_id as contact_id,
    coalesce(channels.channel_id, 'unknown') as channel_id,
    campaigns.campaign_id,
    leads.status,
    coalesce(
        leads.is_qualified,
        case when leads.status in ('qualified', 'converted') then true when leads.status = 'rejected' then false end
    ) as is_qualified,
    {{ to_local_date('leads.qualified_at', 'leads.time_zone') }} as qualified_date,
    leads.matched_deal_id as deal_id,
    case
        -- The CRM names a deal that we do not have.
        when leads.converted_deal_id is not null and leads.matched_deal_id is null then null
        when deals.created_date between leads.created_date and {{ add_days('leads.created_date', 90) }} then true
        when {{ add_days('leads.created_date', 90) }} <= leads.as_of then false
    end as has_opportunity_90d,
    {{ add_days('leads.created_date', 90) }} <= leads.as_of as is_matured_90d,
    leads.self_reported_source,
    coded.self_reported_channel,
    coded.is_decoy,
    leads.geography,
    upper(trim(leads.promo_code)) as promo_code
from leads
left join {{ ref('channels') }} as channels on leads.reported_channel = channels.channel_id
left join {{ ref('int_campaigns_resolved') }} as campaigns on leads.campaign_text = campaigns.campaign_text
left join {{ ref('int_deals_unioned') }} as deals on leads.matched_deal_id = deals.deal_id
left join {{ ref('int_self_reports_coded') }} as coded on leads.self_reported_source = coded.self_reported_source
