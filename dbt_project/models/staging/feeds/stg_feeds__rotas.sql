select
    coalesce(nullif(trim(latest.team), ''), 'Team not stated') as team,
    latest.date as date_day,
    latest.promised_hours,
    latest.staffed_hours,
    latest.active_hours,
    latest.agent_hours
from {{ latest_version(source('feeds', 'rotas')) }}
