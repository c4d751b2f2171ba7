select
    {{ surrogate_key(['deal_id', 'stage', 'entered_at']) }} as deal_stage_key,
    deal_id,
    stage,
    entered_at,
    left_at,
    {{ rounded(seconds_between('entered_at', 'left_at') ~ ' / 86400', 6) }} as days_in_stage
from {{ ref('int_deal_stages_unioned') }}
