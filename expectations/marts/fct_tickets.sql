-- A ticket a day over 200 days, solved with one reply.
select md5(i::varchar) as ticket_key, 't' || i as ticket_id, {as_of} - i::integer as opened_date,
    60 as first_response_minutes, 20 as resolution_hours, true as is_solved,
    true as is_first_contact_resolution, 0 as reopens, 1 as replies
from range(200) as rows(i)
