select
    employment_status.employee_id_hash,
    employment_status.effective_on,
    employment_status.employment_status,
    employment_status.termination_type,
    employment_status.termination_reason
from {{ source('bamboohr', 'employment_status') }} as employment_status
