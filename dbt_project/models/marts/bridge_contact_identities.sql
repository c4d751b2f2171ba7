with contact_ids as (
    select * from {{ ref('int_crm_ids_matched') }}
    where entity = 'contact'
)

select
    -- The key is a hash of hashes: it says that two rows are the same profile and nothing more.
    {{ surrogate_key(['seen.source_system', 'seen.key_kind', 'seen.key_value']) }} as identity_key,
    seen.source_system as system,
    seen.key_kind,
    coalesce(own_ids.entity_id, ids.entity_id) as contact_id,
    coalesce(own_ids.confidence, ids.confidence) as confidence,
    seen.first_seen_at,
    seen.last_seen_at,
    {{ as_type('seen.times_seen', 'integer') }} as times_seen
from {{ ref('int_identities_seen') }} as seen
left join contact_ids as own_ids
    on
        seen.key_kind = 'crm_id'
        and own_ids.key_kind = 'crm_id'
        and seen.source_system || ':' || seen.key_value = own_ids.reference
left join contact_ids as ids on seen.key_kind = ids.key_kind and seen.key_value = ids.reference
