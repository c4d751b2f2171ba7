select
    {{ surrogate_key(['role', 'valid_from']) }} as owner_key,
    role,
    owner_label,
    display_name,
    department,
    valid_from,
    valid_to,
    is_current,
    owner_status
from {{ ref('int_owners_resolved') }}
