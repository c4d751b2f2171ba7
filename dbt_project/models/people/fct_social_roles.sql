with cells as (
    select * from {{ ref('int_social_roles_grouped') }}
),

published as (
    select
        month_start_date,
        department_group,
        social_role,
        case when not is_pooled then people end as people,
        case when not is_pooled then social_fte end as social_fte,
        is_pooled as is_suppressed
    from cells
    union all
    select
        month_start_date,
        {{ departments_not_shown() }} as department_group,
        social_role,
        sum(people) as people,
        {{ sum_number('social_fte') }} as social_fte,
        false as is_suppressed
    from cells
    where is_pooled and has_pool
    group by month_start_date, social_role
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
