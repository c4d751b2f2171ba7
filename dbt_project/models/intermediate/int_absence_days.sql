{# Approved absences that were not planned as leave (holidays and parental leave are not absence here), day
   by day. Working days are Monday to Friday; an absence's days fall on those in its span in equal parts.
#}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

unioned as (
    select
        'bamboohr' as source_system,
        request_id as absence_id,
        employee_id_hash,
        starts_on,
        ends_on,
        kind,
        status,
        case when amount_unit = 'days' then amount end as absent_days,
        case when amount_unit = 'hours' then amount end as absent_hours
    from {{ ref('stg_bamboohr__time_off') }}
    union all
    select
        source_system,
        absence_id,
        employee_id_hash,
        starts_on,
        ends_on,
        kind,
        status,
        absent_days,
        absent_hours
    from {{ ref('stg_feeds__absences') }}
),

absences as (
    select
        unioned.source_system || ':' || unioned.employee_id_hash || ':' || unioned.absence_id as absence_reference,
        employees.employee_key,
        unioned.starts_on,
        unioned.ends_on,
        -- Hours become days of the employee's own contract: a fifth of its week.
        coalesce(
            unioned.absent_days,
            unioned.absent_hours / nullif(employees.contract_hours_week / 5, 0)
        ) as absent_days,
        unioned.absent_hours is not null and unioned.absent_days is null as is_in_hours
    from unioned
    left join {{ ref('int_employee_ids_matched') }} as own
        on unioned.source_system || ':' || unioned.employee_id_hash = own.reference
    left join {{ ref('int_employee_ids_matched') }} as alone on unioned.employee_id_hash = alone.reference
    inner join {{ ref('int_employees_unioned') }} as employees
        on coalesce(own.employee_key, alone.employee_key) = employees.employee_key
    where
        unioned.status = 'approved'
        and unioned.kind not in ('holiday', 'holidays', 'vacation', 'annual leave', 'parental', 'parental leave')
        and unioned.starts_on <= unioned.ends_on
),

day_numbers as (
    {{ numbers(3) }}
),

days as (
    select
        absences.absence_reference,
        absences.employee_key,
        absences.absent_days,
        absences.is_in_hours,
        {{ add_days('absences.starts_on', 'day_numbers.n') }} as date_day
    from absences
    inner join day_numbers
        on day_numbers.n <= {{ days_between('absences.starts_on', 'absences.ends_on') }}
),

working_days as (
    select
        days.*,
        count(*) over (partition by days.absence_reference) as days_in_span
    from days
    where {{ days_between(period_start('days.date_day', 'week'), 'days.date_day') }} < 5
)

select
    working_days.employee_key,
    working_days.date_day,
    case
        when working_days.absent_days is not null then working_days.absent_days / working_days.days_in_span
        -- Without an amount the whole span was absent; hours of an unknown contract stay unknown.
        when not working_days.is_in_hours then 1
    end as absent_days
from working_days
cross join organization
where working_days.date_day <= organization.as_of
