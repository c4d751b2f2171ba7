{# Whether whoever holds a role still works here, by hashed e-mail only. #}
with people as (
    select
        email_hash,
        max(case when status <> 'left' then 1 else 0 end) as is_here
    from {{ ref('int_employees_unioned') }}
    where email_hash is not null
    group by email_hash
)

select
    owners.role,
    owners.owner_label,
    owners.display_name,
    owners.email_hash,
    owners.department,
    owners.valid_from,
    owners.valid_to,
    owners.valid_from <= organization.as_of
    and coalesce(owners.valid_to >= organization.as_of, true) as is_current,
    case
        when owners.email_hash is null and owners.display_name is null then 'vacant'
        when people.is_here = 1 then 'active'
        when people.is_here = 0 then 'left'
        else 'unverified'
    end as owner_status
from {{ ref('stg_feeds__owners') }} as owners
cross join {{ ref('int_organization') }} as organization
left join people on owners.email_hash = people.email_hash
