select
    latest.system as source_system,
    {{ period_start('latest.quarter_start', 'quarter') }} as quarter_start_date,
    least(trim(latest.department_a), trim(latest.department_b)) as department_a,
    greatest(trim(latest.department_a), trim(latest.department_b)) as department_b,
    latest.ties
from {{ latest_version(source('feeds', 'ties')) }}
