select
    deal_stages.deal_id,
    deal_stages.stage_id,
    deal_stages.entered_at,
    deal_stages.source_type
from {{ source('hubspot', 'deal_stages') }} as deal_stages
