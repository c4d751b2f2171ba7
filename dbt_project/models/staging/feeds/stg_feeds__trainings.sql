select
    latest.system as source_system,
    latest.employee_id_hash,
    latest.training,
    latest.completed_on,
    latest.topic,
    latest.hours,
    latest.cost,
    latest.currency,
    latest.valid_until
from {{ latest_version(source('feeds', 'trainings')) }}
