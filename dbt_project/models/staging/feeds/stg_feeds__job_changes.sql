select
    latest.system as source_system,
    latest.employee_id_hash,
    latest.changed_on,
    lower(trim(latest.kind)) as kind,
    latest.department,
    latest.job_title,
    latest.is_voluntary,
    latest.reason
from {{ latest_version(source('feeds', 'job_changes')) }}
