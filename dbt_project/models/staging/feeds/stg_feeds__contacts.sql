select
    latest.system as source_system,
    latest.contact_id,
    latest.email_hash,
    latest.phone_hash,
    latest.handle_hash,
    latest.company_id,
    lower(trim(latest.lifecycle_stage)) as lifecycle_stage,
    latest.source as first_source,
    latest.created_at,
    latest.updated_at,
    latest.country,
    latest.self_reported_source,
    latest.is_customer
from {{ latest_version(source('feeds', 'contacts')) }}
