select
    latest._row_key as row_key,
    lower(trim(latest.network)) as network,
    latest.account,
    {{ account_id('latest.network', 'latest.account') }} as account_id,
    latest.campaign as campaign_text,
    latest.post_id,
    latest.window_days,
    latest.window_end as window_end_date,
    latest.reach_people,
    latest.impressions,
    latest.engagements,
    latest.universe_people
from {{ latest_version(source('feeds', 'reach_windows')) }}
