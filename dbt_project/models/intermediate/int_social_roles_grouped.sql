{# Who does social work, on the last day of each month that we count. A department is shown with all its
   roles or not at all: with its head count known, one hidden role could be subtracted. #}
with people as (
    select
        snapshots.month_start_date,
        groups.department_group,
        snapshots.employee_key,
        coalesce(snapshots.social_role, 'unknown') as social_role,
        case
            when snapshots.social_role = 'none' then 0
            else snapshots.fte * snapshots.social_allocation
        end as social_fte
    from {{ ref('int_employee_snapshots') }} as snapshots
    inner join {{ ref('int_departments_grouped') }} as groups on snapshots.department = groups.department
    where not snapshots.is_first_day
),

departments as (
    select
        month_start_date,
        department_group,
        count(*) as people,
        sum(case when social_role = 'none' then 1 else 0 end) as people_none,
        sum(case when social_role = 'functional' then 1 else 0 end) as people_functional,
        sum(case when social_role = 'strategic' then 1 else 0 end) as people_strategic,
        sum(case when social_role not in ('none', 'functional', 'strategic') then 1 else 0 end) as people_unknown
    from people
    group by month_start_date, department_group
),

placed as (
    {{ pooled_departments(
        'departments', 'month_start_date',
        ['people', 'people_none', 'people_functional', 'people_strategic', 'people_unknown']
    ) }}
)

select
    people.month_start_date,
    people.department_group,
    people.social_role,
    max(placed.people) as department_people,
    count(*) as people,
    {{ sum_number('people.social_fte') }} as social_fte,
    placed.is_pooled,
    placed.has_pool
from people
inner join placed
    on
        people.month_start_date = placed.month_start_date
        and people.department_group = placed.department_group
group by
    people.month_start_date, people.department_group, people.social_role, placed.is_pooled, placed.has_pool
