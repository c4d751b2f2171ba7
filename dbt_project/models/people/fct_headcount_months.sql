with snapshots as (
    select
        snapshots.month_start_date,
        groups.department_group,
        snapshots.is_first_day,
        count(*) as people,
        case when count(snapshots.fte) = count(*) then {{ sum_number('snapshots.fte') }} end as fte
    from {{ ref('int_employee_snapshots') }} as snapshots
    inner join {{ ref('int_departments_grouped') }} as groups on snapshots.department = groups.department
    group by snapshots.month_start_date, groups.department_group, snapshots.is_first_day
),

months as (
    select
        month_start_date,
        department_group,
        min(people) as fewest_people,
        sum(people) as people_twice,
        case when count(fte) = count(*) then {{ sum_number('fte') }} end as fte_twice
    from snapshots
    group by month_start_date, department_group
),

roles as (
    select
        month_start_date,
        department_group,
        is_pooled,
        has_pool,
        {{ sum_number('social_fte') }} as social_fte
    from {{ ref('int_social_roles_grouped') }}
    group by month_start_date, department_group, is_pooled, has_pool
),

published as (
    select
        months.month_start_date,
        months.department_group,
        case when months.fewest_people >= 5 then months.people_twice end as people_twice,
        case when months.fewest_people >= 5 then months.fte_twice end as fte_twice,
        case when not roles.is_pooled then roles.social_fte end as social_fte,
        months.fewest_people < 5 or coalesce(roles.is_pooled, false) as is_suppressed
    from months
    left join roles
        on
            months.month_start_date = roles.month_start_date
            and months.department_group = roles.department_group
    union all
    select
        month_start_date,
        {{ departments_not_shown() }} as department_group,
        {{ unknown('integer') }} as people_twice,
        {{ unknown('number') }} as fte_twice,
        {{ sum_number('social_fte') }} as social_fte,
        false as is_suppressed
    from roles
    where is_pooled and has_pool
    group by month_start_date
)

select
    {{ surrogate_key(['month_start_date', 'department_group']) }} as headcount_month_key,
    month_start_date,
    department_group,
    {{ as_type('people_twice', 'number') }} / 2 as headcount,
    -- To the half: the difference of two months is not one joiner's contract.
    {{ rounded('fte_twice', 0) }} / 2 as fte,
    {{ rounded('social_fte * 2', 0) }} / 2 as social_fte,
    is_suppressed
from published
