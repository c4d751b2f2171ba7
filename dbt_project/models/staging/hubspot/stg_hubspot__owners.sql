select
    owners.owner_id,
    owners.email_hash,
    owners.team as sales_team,
    owners.is_archived
from {{ source('hubspot', 'owners') }} as owners
