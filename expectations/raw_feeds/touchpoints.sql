-- Ten touches a day over sixty days and more.
select 'web' as system, 'z' || i as touchpoint_id,
    {as_of}::timestamp - to_minutes((144 * i)::integer) as occurred_at, 'website' as channel,
    'visit' as kind, 'h' || (i % 50) as contact_email_hash, 120 as call_seconds
from range(700) as rows(i)
