-- One platform and one message, three departments.
select 'intranet' as platform, case k when 0 then null else 'm1' end as message_id, 'dep' || d as department,
    {month_ago} as date, case k when 0 then 15 end as active_people, case k when 1 then 20 end as recipients,
    case k when 1 then 12 end as openers
from range(3) as departments(d), range(2) as kinds(k)
