select
    latest.system as source_system,
    latest.deal_id,
    latest.stage,
    latest.entered_at,
    latest.left_at
from {{ latest_version(source('feeds', 'deal_stages')) }}
