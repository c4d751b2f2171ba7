{# Hires, leavers, transfers and promotions. Where HR has no word for a promotion, a new title in the same
   department is one. #}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

employees as (
    select * from {{ ref('int_employees_unioned') }}
),

named as (
    select
        employees.employee_key,
        changes.changed_on,
        changes.kind,
        changes.is_voluntary
    from {{ ref('stg_feeds__job_changes') }} as changes
    inner join employees
        on
            changes.source_system = employees.source_system
            and changes.employee_id_hash = employees.employee_id_hash
),

terminations as (
    select
        employees.employee_key,
        statuses.effective_on as changed_on,
        case
            when lower(statuses.termination_type) like '%involuntary%' then false
            when lower(statuses.termination_type) like '%voluntary%' then true
        end as is_voluntary
    from {{ ref('stg_bamboohr__employment_status') }} as statuses
    inner join employees
        on
            employees.source_system = 'bamboohr'
            and statuses.employee_id_hash = employees.employee_id_hash
    where lower(trim(statuses.employment_status)) = 'terminated'
),

jobs as (
    select
        employees.employee_key,
        jobs.effective_on as changed_on,
        jobs.department,
        jobs.job_title,
        lag(jobs.department) over (
            partition by employees.employee_key order by jobs.effective_on, jobs.job_title
        ) as department_before,
        lag(jobs.job_title) over (
            partition by employees.employee_key order by jobs.effective_on, jobs.job_title
        ) as job_title_before
    from {{ ref('stg_bamboohr__job_info') }} as jobs
    inner join employees
        on
            employees.source_system = 'bamboohr'
            and jobs.employee_id_hash = employees.employee_id_hash
),

every_move as (
    select employee_key, changed_on, kind, is_voluntary from named
    union all
    select employee_key, changed_on, 'leave' as kind, is_voluntary from terminations
    union all
    -- The record itself: for systems that tell no changes, or not all.
    select employee_key, hired_on as changed_on, 'hire' as kind, {{ unknown('boolean') }} as is_voluntary
    from employees
    where hired_on is not null
    union all
    select employee_key, left_on as changed_on, 'leave' as kind, {{ unknown('boolean') }} as is_voluntary
    from employees
    where left_on is not null
    union all
    select employee_key, changed_on, 'transfer' as kind, {{ unknown('boolean') }} as is_voluntary
    from jobs
    where department_before <> department
    union all
    select employee_key, changed_on, 'promotion' as kind, {{ unknown('boolean') }} as is_voluntary
    from jobs
    where department_before = department and job_title_before <> job_title
),

-- A hire told twice (by the record and by a change some days apart) is one in its quarter.
by_quarter as (
    select
        every_move.employee_key,
        every_move.kind,
        {{ period_start('every_move.changed_on', 'quarter') }} as quarter_start_date,
        min(every_move.changed_on) as changed_on,
        max(case when every_move.is_voluntary then 1 when not every_move.is_voluntary then 0 end) as is_voluntary
    from every_move
    cross join organization
    where every_move.changed_on <= organization.as_of
    group by
        every_move.employee_key,
        every_move.kind,
        {{ period_start('every_move.changed_on', 'quarter') }}
)

select
    employee_key,
    kind,
    quarter_start_date,
    changed_on,
    case is_voluntary when 1 then true when 0 then false end as is_voluntary,
    row_number() over (partition by employee_key, kind order by quarter_start_date) = 1 as is_first_of_person
from by_quarter
