{# One line a source. A person known to two systems by the same hashed e-mail is taken from the first of them. #}
with organization as (
    select * from {{ ref('int_organization') }}
),

bamboohr_ranked as (
    select
        employees.*,
        row_number() over (
            partition by employees.employee_id_hash
            order by employees.valid_from desc, employees.valid_to desc
        ) as version_rank
    from {{ ref('stg_bamboohr__employees') }} as employees
),

every_system as (
    select
        'bamboohr' as source_system,
        1 as system_rank,
        employee_id_hash,
        email_hash,
        department,
        team,
        time_zone,
        hired_on,
        left_on,
        -- A record that the system no longer holds is of somebody who is gone.
        case
            when valid_to is not null or status = 'inactive' then 'left'
            when status = 'active' then 'active'
        end as status,
        fte,
        contract_hours_week,
        work_starts,
        work_ends,
        social_role,
        social_allocation
    from bamboohr_ranked
    where version_rank = 1
    union all
    select
        source_system,
        2 as system_rank,
        employee_id_hash,
        email_hash,
        department,
        team,
        time_zone,
        hired_on,
        left_on,
        status,
        fte,
        contract_hours_week,
        work_starts,
        work_ends,
        social_role,
        social_allocation
    from {{ ref('stg_feeds__employees') }}
),

preferred as (
    select
        every_system.*,
        rank() over (
            partition by coalesce(
                every_system.email_hash, every_system.source_system || every_system.employee_id_hash
            )
            order by every_system.system_rank, every_system.source_system
        ) as preference
    from every_system
)

select
    {{ surrogate_key(['preferred.source_system', 'preferred.employee_id_hash']) }} as employee_key,
    preferred.source_system,
    preferred.employee_id_hash,
    preferred.email_hash,
    coalesce(nullif(trim(preferred.department), ''), 'Department not stated') as department,
    preferred.team,
    {{ known_time_zone('preferred.time_zone') }} as time_zone,
    preferred.hired_on,
    preferred.left_on,
    case
        when preferred.left_on < organization.as_of then 'left'
        when preferred.left_on >= organization.as_of and preferred.status = 'left' then 'active'
        when preferred.status is not null then preferred.status
        when preferred.hired_on <= organization.as_of then 'active'
    end as status,
    preferred.fte,
    preferred.contract_hours_week,
    preferred.work_starts,
    preferred.work_ends,
    preferred.social_role,
    preferred.social_allocation,
    -- Without a first day only the present is known: such a person counts in the month of as_of alone.
    -- Who left on an unknown day counts nowhere.
    case
        when preferred.left_on is null and preferred.status = 'left' then null
        when preferred.hired_on is not null then preferred.hired_on
        when preferred.left_on is null then {{ period_start('organization.as_of', 'month') }}
    end as employed_from,
    coalesce(preferred.left_on, {{ add_days('organization.as_of', 1) }}) as employed_to
from preferred
cross join organization
where preferred.preference = 1
