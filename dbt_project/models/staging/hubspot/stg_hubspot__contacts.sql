select
    contacts.contact_id,
    contacts.email_hash,
    contacts.phone_hash,
    contacts.handle_hash,
    contacts.company_id,
    contacts.owner_id,
    lower(trim(contacts.lifecycle_stage)) as lifecycle_stage,
    contacts.lead_status,
    contacts.analytics_source,
    contacts.analytics_source_data_1,
    contacts.analytics_source_data_2,
    contacts.self_reported_source,
    contacts.country,
    contacts.merged_ids,
    contacts.created_at,
    contacts.modified_at,
    contacts.is_archived
from {{ source('hubspot', 'contacts') }} as contacts
