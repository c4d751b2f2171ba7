-- Forty contacts, touched on one of the last forty days.
select 'p' || i as contact_id, 'h' || i as email_hash, 'k1' as company_id,
    'lead' as lifecycle_stage, ({as_of} - (i + 3)::integer)::timestamp as created_at,
    ({as_of} - (i + 1)::integer)::timestamp as modified_at, false as is_archived
from range(40) as rows(i)
