{# The base of a month is who works here on its last day that we count. #}
with members as (
    select
        snapshots.month_start_date,
        groups.department_group,
        snapshots.employee_key
    from {{ ref('int_employee_snapshots') }} as snapshots
    inner join {{ ref('int_departments_grouped') }} as groups on snapshots.department = groups.department
    where not snapshots.is_first_day
),

shared as (
    select * from {{ ref('int_advocates_matched') }}
),

-- Months between the first and the last share that we know; outside them nothing is known.
known_months as (
    select
        min(month_start_date) as first_month,
        max(month_start_date) as last_month
    from shared
),

departments as (
    select
        members.month_start_date,
        members.department_group,
        count(*) as people,
        count(shared.employee_key) as participants,
        count(*) - count(shared.employee_key) as others,
        coalesce(sum(shared.posts), 0) as posts
    from members
    inner join known_months
        on members.month_start_date between known_months.first_month and known_months.last_month
    left join shared
        on
            members.month_start_date = shared.month_start_date
            and members.employee_key = shared.employee_key
    group by members.month_start_date, members.department_group
),

placed as (
    {{ pooled_departments('departments', 'month_start_date', ['people', 'participants', 'others']) }}
),

published as (
    select
        month_start_date,
        department_group,
        case when people >= 5 then people end as eligible,
        case when not is_pooled then participants end as participants,
        case when not is_pooled then posts end as posts,
        is_pooled as is_suppressed
    from placed
    union all
    select
        month_start_date,
        {{ departments_not_shown() }} as department_group,
        {{ unknown('integer') }} as eligible,
        sum(participants) as participants,
        sum(posts) as posts,
        false as is_suppressed
    from placed
    where is_pooled and has_pool
    group by month_start_date
)

select
    {{ surrogate_key(['month_start_date', 'department_group']) }} as advocacy_month_key,
    month_start_date,
    department_group,
    {{ as_type('eligible', 'integer') }} as eligible,
    {{ as_type('participants', 'integer') }} as participants,
    {{ as_type('posts', 'integer') }} as posts,
    is_suppressed
from published
