-- Ten events, eighty attendances, seventy people.
select md5(i::varchar) as event_key, 'ev' || i as event_id, 100 as registered, 80 as attendances,
    70 as attended_contacts, 5000 as spend_reporting
from range(10) as rows(i)
