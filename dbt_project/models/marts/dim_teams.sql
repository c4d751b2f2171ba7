select
    {{ surrogate_key(['department']) }} as team_key,
    department,
    department_group,
    has_own_group
from {{ ref('int_departments_grouped') }}
