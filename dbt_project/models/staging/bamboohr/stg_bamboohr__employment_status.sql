select
    employment_status.employee_id_hash,
    employment_status.effective_on,
    employment_status.employment_status,
    employment_status.termination_type,
    employment_status.termination_reason
from {{ source('bamboohr', 'employment_status') }} as employment_status
-- What HR corrected or took back stays in raw, with the day it ceased to hold.
where employment_status._valid_to is null
