select
    latest.system as source_system,
    latest.absence_id,
    latest.employee_id_hash,
    latest.starts_on,
    latest.ends_on,
    latest.days as absent_days,
    latest.hours as absent_hours,
    latest.kind,
    latest.status
from {{ latest_version(source('feeds', 'absences')) }}
