select
    {{ surrogate_key(['windows.row_key']) }} as reach_window_key,
    windows.network,
    windows.account_id,
    campaigns.campaign_id,
    windows.post_id,
    windows.window_days,
    windows.window_end_date,
    windows.reach_people,
    windows.impressions,
    windows.engagements,
    windows.universe_people
from {{ ref('stg_feeds__reach_windows') }} as windows
left join {{ ref('int_campaigns_resolved') }} as campaigns on trim(windows.campaign_text) = campaigns.campaign_text
