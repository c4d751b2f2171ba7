select
    {{ surrogate_key(['campaign_id', 'system', 'system_id']) }} as campaign_source_key,
    campaign_id,
    system,
    system_id
from {{ ref('stg_feeds__campaigns') }}
group by campaign_id, system, system_id
