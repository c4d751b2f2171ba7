-- Four tickets a day over a hundred days, answered in an hour, solved in a day.
select 'desk' as system, 't' || i as ticket_id, 'e-mail' as channel,
    {as_of}::timestamp - to_hours((6 * i)::integer) as opened_at,
    {as_of}::timestamp - to_hours((6 * i)::integer) + interval 1 hour as first_reply_at,
    {as_of}::timestamp - to_hours((6 * i)::integer) + interval 1 day as solved_at,
    0 as reopens, 2 as replies, 'solved' as status
from range(400) as rows(i)
