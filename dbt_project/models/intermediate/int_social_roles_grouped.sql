{# Who does social work, on the last day of each month that we count. A role that fewer than five people of
   the whole organization ever have is not told from the other one, in any month. A department is shown with
   all its roles or not at all: with its head count known, one hidden role could be subtracted. #}
with people as (
    select
        snapshots.month_start_date,
        groups.department_group,
        snapshots.employee_key,
        case
            when snapshots.social_role in ('none', 'functional', 'strategic') then snapshots.social_role
            else 'unknown'
        end as social_role,
        case
            when snapshots.social_role = 'none' then 0
            else snapshots.fte * snapshots.social_allocation
        end as social_fte
    from {{ ref('int_employee_snapshots') }} as snapshots
    inner join {{ ref('int_departments_grouped') }} as groups on snapshots.department = groups.department
    where not snapshots.is_first_day
),

role_months as (
    select
        month_start_date,
        social_role,
        count(*) as people
    from people
    group by month_start_date, social_role
),

small_roles as (
    select
        max(case when social_role in ('functional', 'strategic') and people < 5 then 1 else 0 end) as has_small_doing,
        max(case when social_role in ('none', 'unknown') and people < 5 then 1 else 0 end) as has_small_other
    from role_months
),

told as (
    select
        people.month_start_date,
        people.department_group,
        people.employee_key,
        people.social_fte,
        case
            when people.social_role in ('functional', 'strategic') and small_roles.has_small_doing = 1
                then 'functional or strategic'
            when people.social_role in ('none', 'unknown') and small_roles.has_small_other = 1 then 'none or unknown'
            else people.social_role
        end as social_role
    from people
    cross join small_roles
),

departments as (
    select
        month_start_date,
        department_group,
        count(*) as people,
        sum(case when social_role = 'none' then 1 else 0 end) as people_none,
        sum(case when social_role = 'functional' then 1 else 0 end) as people_functional,
        sum(case when social_role = 'strategic' then 1 else 0 end) as people_strategic,
        sum(case when social_role = 'unknown' then 1 else 0 end) as people_unknown,
        sum(case when social_role = 'functional or strategic' then 1 else 0 end) as people_doing,
        sum(case when social_role = 'none or unknown' then 1 else 0 end) as people_other
    from told
    group by month_start_date, department_group
),

placed as (
    {{ pooled_departments(
        'departments', 'month_start_date',
        [
            'people', 'people_none', 'people_functional', 'people_strategic', 'people_unknown', 'people_doing',
            'people_other',
        ]
    ) }}
)

select
    told.month_start_date,
    told.department_group,
    told.social_role,
    max(placed.people) as department_people,
    count(*) as people,
    {{ sum_number('told.social_fte') }} as social_fte,
    placed.is_pooled,
    placed.has_pool
from told
inner join placed
    on
        told.month_start_date = placed.month_start_date
        and told.department_group = placed.department_group
group by
    told.month_start_date, told.department_group, told.social_role, placed.is_pooled, placed.has_pool
