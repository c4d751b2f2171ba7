select
    latest.tool,
    latest.month as month_start_date,
    latest.capability,
    latest.vendor,
    latest.owner_email_hash,
    latest.owner_role,
    latest.department,
    latest.seats,
    latest.seats_active,
    latest.cost,
    upper(trim(latest.currency)) as currency,
    latest.source as reported_source,
    latest.records,
    latest.records_with_key,
    latest.records_matched
from {{ latest_version(source('feeds', 'tools')) }}
