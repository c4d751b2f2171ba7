{# Who was employed where on the first and the last day of each month (the last is as_of in its month).
   History begins with the month of the first recorded leaver, 36 months back at most: before it those who
   left are missing, and a count would be one of survivors. #}
with organization as (
    select * from {{ ref('int_organization') }}
),

employees as (
    select * from {{ ref('int_employees_unioned') }}
),

first_leaver as (
    select min(left_on) as left_on
    from employees
    cross join organization
    where employees.left_on <= organization.as_of
),

months_back as (
    {{ numbers(2) }}
),

months as (
    select
        organization.as_of,
        cast({{ dbt.dateadd('month', '-1 * months_back.n', period_start('organization.as_of', 'month')) }} as date)
            as month_start_date,
        months_back.n
    from organization
    cross join months_back
    where months_back.n < 36
),

days as (
    select
        months.month_start_date,
        months.month_start_date as snapshot_date,
        true as is_first_day
    from months
    cross join first_leaver
    where months.n = 0 or months.month_start_date >= {{ period_start('first_leaver.left_on', 'month') }}
    union all
    select
        months.month_start_date,
        case
            when months.n = 0 then months.as_of
            else cast({{ dbt.last_day('months.month_start_date', 'month') }} as date)
        end as snapshot_date,
        false as is_first_day
    from months
    cross join first_leaver
    where months.n = 0 or months.month_start_date >= {{ period_start('first_leaver.left_on', 'month') }}
),

terms_by_day as (
    select
        'bamboohr' as source_system,
        employee_id_hash,
        fte,
        social_role,
        social_allocation,
        cast(valid_from as date) as valid_from,
        row_number() over (
            partition by employee_id_hash, cast(valid_from as date)
            order by valid_from desc, valid_to desc
        ) as version_rank
    from {{ ref('stg_bamboohr__employees') }}
),

terms_spans as (
    select
        source_system,
        employee_id_hash,
        fte,
        social_role,
        social_allocation,
        case
            when row_number() over (partition by source_system, employee_id_hash order by valid_from) > 1
                then valid_from
        end as span_from,
        lead(valid_from) over (partition by source_system, employee_id_hash order by valid_from) as span_to
    from terms_by_day
    where version_rank = 1
)

select
    days.month_start_date,
    days.snapshot_date,
    days.is_first_day,
    employees.employee_key,
    employees.email_hash,
    departments.department,
    case when terms_spans.employee_id_hash is not null then terms_spans.fte else employees.fte end as fte,
    case
        when terms_spans.employee_id_hash is not null then terms_spans.social_role
        else employees.social_role
    end as social_role,
    case
        when terms_spans.employee_id_hash is not null then terms_spans.social_allocation
        else employees.social_allocation
    end as social_allocation
from employees
inner join days
    on
        employees.employed_from <= days.snapshot_date
        and employees.employed_to >= days.snapshot_date
inner join {{ ref('int_employee_departments') }} as departments
    on
        employees.employee_key = departments.employee_key
        and (departments.span_from is null or departments.span_from <= days.snapshot_date)
        and (departments.span_to is null or departments.span_to > days.snapshot_date)
left join terms_spans
    on
        employees.source_system = terms_spans.source_system
        and employees.employee_id_hash = terms_spans.employee_id_hash
        and (terms_spans.span_from is null or terms_spans.span_from <= days.snapshot_date)
        and (terms_spans.span_to is null or terms_spans.span_to > days.snapshot_date)
