select
    latest.system as source_system,
    latest.absence_id,
    latest.employee_id_hash,
    latest.starts_on,
    latest.ends_on,
    latest.days as absent_days,
    latest.hours as absent_hours,
    lower(trim(latest.kind)) as kind,
    lower(trim(latest.status)) as status
from {{ latest_version(source('feeds', 'absences')) }}
