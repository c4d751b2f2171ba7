select
    latest.content_id,
    lower(trim(latest.content_type)) as content_type,
    lower(trim(latest.producer)) as producer,
    latest.briefed_at,
    latest.published_at,
    lower(trim(latest.status)) as status,
    latest.hours,
    latest.internal_cost,
    latest.external_cost,
    upper(trim(latest.currency)) as currency,
    latest.network,
    latest.post_id,
    nullif(trim(latest.campaign), '') as campaign_text,
    latest.owner_role,
    latest.licence,
    latest.licence_expires_on,
    latest.has_talent_consent
from {{ latest_version(source('feeds', 'content')) }}
