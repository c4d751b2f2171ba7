-- One team, thirty days.
select md5(i::varchar) as listening_day_key, {as_of} - i::integer as date_day, 'Care' as team, 10.0 as promised_hours,
    9.5 as staffed_hours, 8.7 as listened_hours
from range(30) as days(i)
