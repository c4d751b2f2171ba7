select
    latest.event_id,
    latest.name as event_name,
    lower(trim(latest.kind)) as kind,
    latest.starts_on,
    coalesce(latest.ends_on, latest.starts_on) as ends_on,
    latest.geography,
    latest.campaign as campaign_text,
    latest.registered,
    latest.attended,
    latest.spend,
    upper(trim(latest.currency)) as currency,
    latest.owner_role
from {{ latest_version(source('feeds', 'events')) }}
