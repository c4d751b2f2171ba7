-- Four messages a day over a hundred days, answered within an hour.
select 'instagram' as channel, 'm' || i as conversation_id, 'brand' as account,
    {as_of}::timestamp - to_hours((6 * i)::integer) as received_at,
    {as_of}::timestamp - to_hours((6 * i)::integer) + interval 1 hour as first_reply_at,
    true as needs_reply, false as is_auto_reply, 2 as messages
from range(400) as rows(i)
