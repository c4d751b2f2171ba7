select
    latest.system as source_system,
    latest.lead_id,
    latest.created_at,
    latest.email_hash,
    latest.contact_id,
    lower(trim(latest.channel)) as reported_channel,
    nullif(trim(latest.campaign), '') as campaign_text,
    latest.source as reported_source,
    lower(trim(latest.status)) as status,
    latest.is_qualified,
    latest.qualified_at,
    latest.converted_deal_id,
    latest.self_reported_source,
    latest.geography,
    latest.promo_code
from {{ latest_version(source('feeds', 'leads')) }}
