{# One line a source. Ids carry their system, because two systems may give the same one. #}
select
    'hubspot:' || contact_id as contact_reference,
    'hubspot' as source_system,
    1 as source_rank,
    contact_id as source_contact_id,
    email_hash,
    phone_hash,
    handle_hash,
    'hubspot:' || company_id as company_reference,
    lifecycle_stage,
    analytics_source as first_source,
    self_reported_source,
    created_at,
    upper(trim(country)) as country,
    -- HubSpot's evangelists are customers who speak for us.
    case when lifecycle_stage is not null then lifecycle_stage in ('customer', 'evangelist') end as is_customer
from {{ ref('stg_hubspot__contacts') }}
where is_archived is distinct from true
union all
select
    source_system || ':' || contact_id as contact_reference,
    source_system,
    9 as source_rank,
    contact_id as source_contact_id,
    email_hash,
    phone_hash,
    handle_hash,
    source_system || ':' || company_id as company_reference,
    lifecycle_stage,
    first_source,
    self_reported_source,
    created_at,
    upper(trim(country)) as country,
    is_customer
from {{ ref('stg_feeds__contacts') }}
