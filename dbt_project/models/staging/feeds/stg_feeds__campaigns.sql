select
    trim(latest.campaign) as campaign_id,
    trim(latest.name) as campaign_name,
    lower(trim(latest.system)) as system,
    trim(latest.system_id) as system_id,
    latest.objective,
    latest.starts_on,
    latest.ends_on,
    latest.budget,
    upper(trim(latest.currency)) as currency,
    latest.owner_role
from {{ latest_version(source('feeds', 'campaigns')) }}
