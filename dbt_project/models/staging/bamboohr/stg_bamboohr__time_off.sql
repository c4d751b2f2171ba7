select
    time_off.request_id,
    time_off.employee_id_hash,
    time_off.status,
    time_off.starts_on,
    time_off.ends_on,
    time_off.kind,
    time_off.amount,
    time_off.unit as amount_unit
from {{ source('bamboohr', 'time_off') }} as time_off
