select
    trainings.record_id,
    trainings.employee_id_hash,
    trainings.training_type,
    lower(trim(trainings.category)) as category,
    trainings.completed_on,
    trainings.hours,
    trainings.cost,
    upper(trim(trainings.currency)) as currency,
    trainings.valid_until
from {{ source('bamboohr', 'trainings') }} as trainings
