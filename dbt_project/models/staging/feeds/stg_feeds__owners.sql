select
    latest.role,
    latest.valid_from,
    latest.valid_to,
    latest.label as owner_label,
    latest.display_name,
    latest.email_hash,
    latest.department
from {{ latest_version(source('feeds', 'owners')) }}
