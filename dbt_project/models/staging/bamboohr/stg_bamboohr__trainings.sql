select
    trainings.record_id,
    trainings.employee_id_hash,
    trainings.training_type,
    trainings.category,
    trainings.completed_on,
    trainings.hours,
    trainings.cost,
    trainings.currency,
    trainings.valid_until
from {{ source('bamboohr', 'trainings') }} as trainings
