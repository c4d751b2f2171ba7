select
    job_info.employee_id_hash,
    job_info.effective_on,
    job_info.job_title,
    job_info.department,
    job_info.division,
    job_info.location,
    job_info.manager_id_hash
from {{ source('bamboohr', 'job_info') }} as job_info
-- What HR corrected or took back stays in raw, with the day it ceased to hold.
where job_info._valid_to is null
