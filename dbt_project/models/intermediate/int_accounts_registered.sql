{# The register, one row an account even where it writes a handle in two ways. #}
with organization as (
    select time_zone from {{ ref('int_organization') }}
),

numbered as (
    select
        register.*,
        {{ known_time_zone('register.time_zone') }} as known_zone,
        row_number() over (partition by register.account_id order by register.account) as copy_number
    from {{ ref('stg_feeds__social_accounts') }} as register
)

select
    numbered.account_id,
    numbered.network,
    numbered.account,
    numbered.ownership,
    numbered.business_unit,
    numbered.owner_email_hash,
    numbered.owner_role,
    numbered.department,
    numbered.administrators,
    numbered.has_recovery_contact,
    numbered.has_signed_policy,
    numbered.has_two_factor,
    numbered.has_exit_clause,
    numbered.is_opted_in,
    numbered.opened_on,
    numbered.closed_on,
    coalesce(numbered.known_zone, organization.time_zone) as time_zone
from numbered
cross join organization
where numbered.copy_number = 1
