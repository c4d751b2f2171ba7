{# What reviewers decided, and whether it still holds. #}
select
    decisions.*,
    decisions.withdrawn_on is null or decisions.withdrawn_on > organization.as_of as holds
from {{ ref('stg_feeds__identity_decisions') }} as decisions
cross join {{ ref('int_organization') }} as organization
