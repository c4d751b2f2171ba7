{# The base of a month is who works here on its last day that we count; both measures are of these people. #}
with members as (
    select
        snapshots.month_start_date,
        snapshots.snapshot_date,
        groups.department_group,
        snapshots.employee_key,
        employees.employed_from
    from {{ ref('int_employee_snapshots') }} as snapshots
    inner join {{ ref('int_departments_grouped') }} as groups on snapshots.department = groups.department
    inner join {{ ref('int_employees_unioned') }} as employees on snapshots.employee_key = employees.employee_key
    where not snapshots.is_first_day
),

day_numbers as (
    {{ numbers(2) }}
),

-- Every employee's working days of the month, from their first day on.
contracted as (
    select
        members.month_start_date,
        members.department_group,
        members.employee_key,
        {{ add_days('members.month_start_date', 'day_numbers.n') }} as date_day
    from members
    inner join day_numbers
        on day_numbers.n <= {{ days_between('members.month_start_date', 'members.snapshot_date') }}
    where
        {{ add_days('members.month_start_date', 'day_numbers.n') }} >= members.employed_from
        and {{ days_between(
            period_start(add_days('members.month_start_date', 'day_numbers.n'), 'week'),
            add_days('members.month_start_date', 'day_numbers.n')
        ) }} < 5
),

absent as (
    select
        employee_key,
        date_day,
        -- Two records of one day are one day off.
        case when sum(absent_days) > 1 then 1 else sum(absent_days) end as absent_days,
        count(*) - count(absent_days) as unknown_absences
    from {{ ref('int_absence_days') }}
    group by employee_key, date_day
),

known_days as (
    select
        min(date_day) as first_day,
        max(date_day) as last_day
    from absent
),

months as (
    select
        contracted.month_start_date,
        contracted.department_group,
        count(distinct contracted.employee_key) as people,
        count(*) as contracted_days,
        case
            when sum(coalesce(absent.unknown_absences, 0)) > 0 then null
            when
                contracted.month_start_date >= {{ period_start('max(known_days.first_day)', 'month') }}
                and contracted.month_start_date <= max(known_days.last_day)
                then {{ sum_number('coalesce(absent.absent_days, 0)') }}
        end as absent_days
    from contracted
    cross join known_days
    left join absent
        on
            contracted.employee_key = absent.employee_key
            and contracted.date_day = absent.date_day
    group by contracted.month_start_date, contracted.department_group
)

select
    {{ surrogate_key(['month_start_date', 'department_group']) }} as absence_month_key,
    month_start_date,
    department_group,
    {{ as_type('case when people >= 5 then people end', 'integer') }} as people,
    {{ as_type('case when people >= 5 then absent_days end', 'number') }} as absent_days,
    {{ as_type('case when people >= 5 then contracted_days end', 'number') }} as contracted_days,
    people < 5 as is_suppressed
from months
