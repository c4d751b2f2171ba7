-- Four leads a day over a hundred days.
select 'forms' as system, 'l' || i as lead_id, {as_of}::timestamp - to_hours((6 * i)::integer)
    as created_at, 'h' || i as email_hash, 'p' || i as contact_id, 'website' as channel,
    true as is_qualified,
    {as_of}::timestamp - to_hours((6 * i)::integer) + interval 2 hour as qualified_at
from range(400) as rows(i)
