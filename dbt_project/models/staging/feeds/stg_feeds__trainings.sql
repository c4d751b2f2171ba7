select
    latest.system as source_system,
    latest.employee_id_hash,
    latest.training,
    latest.completed_on,
    lower(trim(latest.topic)) as topic,
    latest.hours,
    latest.cost,
    upper(trim(latest.currency)) as currency,
    latest.valid_until
from {{ latest_version(source('feeds', 'trainings')) }}
