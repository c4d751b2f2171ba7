{# Departments over time, from job histories. The first known department also holds before its record. #}
with changes as (
    select
        'bamboohr' as source_system,
        employee_id_hash,
        effective_on as changed_on,
        nullif(trim(department), '') as department
    from {{ ref('stg_bamboohr__job_info') }}
    union all
    select
        source_system,
        employee_id_hash,
        changed_on,
        nullif(trim(department), '') as department
    from {{ ref('stg_feeds__job_changes') }}
),

by_day as (
    select
        source_system,
        employee_id_hash,
        changed_on,
        max(department) as department
    from changes
    where department is not null
    group by source_system, employee_id_hash, changed_on
),

spans as (
    select
        source_system,
        employee_id_hash,
        department,
        case
            when row_number() over (partition by source_system, employee_id_hash order by changed_on) > 1
                then changed_on
        end as span_from,
        lead(changed_on) over (partition by source_system, employee_id_hash order by changed_on) as span_to
    from by_day
)

select
    employees.employee_key,
    coalesce(spans.department, employees.department) as department,
    spans.span_from,
    spans.span_to
from {{ ref('int_employees_unioned') }} as employees
left join spans
    on
        employees.source_system = spans.source_system
        and employees.employee_id_hash = spans.employee_id_hash
