{# Whether whoever holds a role still works here, by hashed e-mail only. A role that somebody held and
   nobody holds now gets a row that says so: every role has exactly one current row. #}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

people as (
    select
        email_hash,
        max(case when status <> 'left' then 1 else 0 end) as is_here
    from {{ ref('int_employees_unioned') }}
    where email_hash is not null
    group by email_hash
),

holders as (
    select
        owners.role,
        owners.owner_label,
        owners.display_name,
        owners.email_hash,
        owners.department,
        owners.valid_from,
        owners.valid_to,
        owners.valid_from <= organization.as_of
        and (owners.valid_to is null or owners.valid_to >= organization.as_of) as is_in_force,
        case
            when owners.email_hash is null and owners.display_name is null then 'vacant'
            when people.is_here = 1 then 'active'
            when people.is_here = 0 then 'left'
            else 'unverified'
        end as owner_status,
        row_number() over (
            partition by owners.role
            order by
                case when owners.valid_from <= organization.as_of then 1 else 0 end desc,
                case when owners.valid_to >= organization.as_of or owners.valid_to is null then 1 else 0 end desc,
                owners.valid_from desc
        ) as latest_rank
    from {{ ref('stg_feeds__owners') }} as owners
    cross join organization
    left join people on owners.email_hash = people.email_hash
)

select
    role,
    owner_label,
    display_name,
    email_hash,
    department,
    valid_from,
    valid_to,
    -- Where two hold a role at once the later one is accountable.
    is_in_force and latest_rank = 1 as is_current,
    owner_status
from holders
union all
select
    role,
    owner_label,
    {{ unknown('text') }} as display_name,
    {{ unknown('text') }} as email_hash,
    department,
    coalesce({{ add_days('valid_to', 1) }}, organization.as_of) as valid_from,
    {{ unknown('date') }} as valid_to,
    true as is_current,
    'vacant' as owner_status
from holders
cross join organization
where latest_rank = 1 and not is_in_force and valid_from <= organization.as_of
