-- Two teams, thirty days.
select 'team' || t as team, {as_of} - i::integer as date, 10.0 as promised_hours, 9.0 as staffed_hours,
    8.0 as active_hours, 42.0 as agent_hours
from range(2) as teams(t), range(30) as days(i)
