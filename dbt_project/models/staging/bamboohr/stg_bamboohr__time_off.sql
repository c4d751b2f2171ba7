select
    time_off.request_id,
    time_off.employee_id_hash,
    lower(trim(time_off.status)) as status,
    time_off.starts_on,
    time_off.ends_on,
    lower(trim(time_off.kind)) as kind,
    time_off.amount,
    time_off.unit as amount_unit
from {{ source('bamboohr', 'time_off') }} as time_off
