select
    lower(trim(latest.network)) as network,
    latest.account,
    {{ account_id('latest.network', 'latest.account') }} as account_id,
    latest.ownership,
    latest.business_unit,
    latest.owner_email_hash,
    latest.owner_role,
    latest.department,
    latest.administrators,
    latest.has_recovery_contact,
    latest.has_signed_policy,
    latest.has_two_factor,
    latest.has_exit_clause,
    latest.is_opted_in,
    latest.opened_on,
    latest.closed_on,
    latest.time_zone
from {{ latest_version(source('feeds', 'social_accounts')) }}
