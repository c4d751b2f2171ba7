-- Forty contacts, created over forty days, touched two days later.
select 'crm' as system, 'p' || i as contact_id, 'h' || i as email_hash, 'k1' as company_id,
    ({as_of} - (i + 3)::integer)::timestamp as created_at,
    ({as_of} - (i + 1)::integer)::timestamp as updated_at
from range(40) as rows(i)
