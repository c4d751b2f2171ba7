{# The handle of an employee, or of an account whose owner nobody registered, stays out: the id is a hash.
   So do an employee's department, last day and whether they are still here: one account is one person, and fewer than five are not described. #}
with people as (
    select
        email_hash,
        max(case when status <> 'left' then 1 else 0 end) as is_here
    from {{ ref('int_employees_unioned') }}
    where email_hash is not null
    group by email_hash
),

roles as (
    select
        role,
        min(owner_status) as owner_status
    from {{ ref('int_owners_resolved') }}
    where is_current
    group by role
),

organization as (
    select time_zone from {{ ref('int_organization') }}
)

select
    {{ surrogate_key(['seen.account_id']) }} as account_key,
    seen.account_id,
    seen.network,
    case when register.ownership in ('brand', 'partner', 'agency') then register.account end as account,
    register.ownership,
    register.business_unit,
    case when register.ownership <> 'employee' then departments.department_group end as department_group,
    register.owner_role,
    case
        when register.ownership = 'employee' then 'not_told'
        when people.is_here = 1 then 'active'
        when people.is_here = 0 then 'left'
        when register.owner_email_hash is not null then 'unverified'
        when register.owner_role is not null then coalesce(roles.owner_status, 'vacant')
        else 'vacant'
    end as owner_status,
    register.administrators,
    register.has_recovery_contact,
    register.has_signed_policy,
    register.has_two_factor,
    register.has_exit_clause,
    coalesce(
        coalesce(register.owner_email_hash, register.owner_role) is not null
        and register.has_recovery_contact
        and register.has_signed_policy
        and register.has_two_factor
        and register.has_exit_clause,
        false
    ) as is_documented,
    register.is_opted_in,
    register.opened_on,
    case when register.ownership <> 'employee' then register.closed_on end as closed_on,
    coalesce(register.time_zone, organization.time_zone) as time_zone
from {{ ref('int_accounts_seen') }} as seen
cross join organization
left join {{ ref('int_accounts_registered') }} as register on seen.account_id = register.account_id
left join people on register.owner_email_hash = people.email_hash
left join roles on register.owner_role = roles.role
left join {{ ref('int_departments_grouped') }} as departments on register.department = departments.department
