{# A tool as its latest month says. #}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

numbered as (
    select
        months.*,
        row_number() over (partition by months.tool_id order by months.month_start_date desc) as recency
    from {{ ref('int_tool_months_connected') }} as months
    cross join organization
    where months.month_start_date <= organization.as_of
),

people as (
    select
        email_hash,
        max(case when status <> 'left' then 1 else 0 end) as is_here
    from {{ ref('int_employees_unioned') }}
    where email_hash is not null
    group by email_hash
),

roles as (
    select role, owner_status
    from {{ ref('int_owners_resolved') }}
    where is_current
)

select
    {{ surrogate_key(['tools.tool_id']) }} as tool_key,
    tools.tool_id,
    tools.tool,
    tools.capability,
    tools.vendor,
    tools.owner_role,
    case
        when people.is_here = 1 then 'active'
        when people.is_here = 0 then 'left'
        when tools.owner_email_hash is not null then 'unverified'
        else coalesce(roles.owner_status, 'vacant')
    end as owner_status,
    tools.department,
    tools.source,
    tools.is_connected
from numbered as tools
left join people on tools.owner_email_hash = people.email_hash
left join roles on tools.owner_role = roles.role
where tools.recency = 1
