select
    latest.content_id,
    latest.content_type,
    latest.producer,
    latest.briefed_at,
    latest.published_at,
    latest.status,
    latest.hours,
    latest.internal_cost,
    latest.external_cost,
    latest.currency,
    latest.network,
    latest.post_id,
    latest.campaign as reported_campaign,
    latest.owner_role,
    latest.licence,
    latest.licence_expires_on,
    latest.has_talent_consent
from {{ latest_version(source('feeds', 'content')) }}
