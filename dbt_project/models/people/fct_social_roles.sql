with cells as (
    select * from {{ ref('int_social_roles_grouped') }}
),

published as (
    {{ published_departments('cells', ['month_start_date', 'social_role'], ['people'], ['social_fte']) }}
)

select
    {{ surrogate_key(['month_start_date', 'department_group', 'social_role']) }} as social_role_key,
    month_start_date,
    department_group,
    social_role,
    {{ as_type('people', 'integer') }} as people,
    -- To the half: the difference of two months is not one joiner's share.
    {{ rounded('social_fte * 2', 0) }} / 2 as social_fte,
    is_suppressed
from published
