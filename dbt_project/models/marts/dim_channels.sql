select
    {{ surrogate_key(['channel_id']) }} as channel_key,
    channel_id,
    channel_label,
    peso,
    channel_class,
    coalesce(channel_class = 'social', false) as is_social,
    owner_role
from {{ ref('channels') }}
