select
    lower(trim(latest.platform)) as platform,
    nullif(trim(latest.message_id), '') as message_id,
    trim(latest.department) as department,
    latest.date as date_day,
    latest.active_people,
    latest.recipients,
    latest.openers
from {{ latest_version(source('feeds', 'internal_comms')) }}
