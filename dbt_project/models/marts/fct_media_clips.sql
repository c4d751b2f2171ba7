select
    {{ surrogate_key(['clips.outlet', 'clips.clip_id']) }} as clip_key,
    clips.clip_id,
    clips.outlet,
    clips.published_date,
    clips.medium,
    campaigns.campaign_id,
    clips.cluster_id,
    clips.is_syndicated,
    clips.circulation,
    clips.sentiment,
    clips.has_key_message,
    clips.geography
from {{ ref('stg_feeds__media_clips') }} as clips
left join {{ ref('int_campaigns_resolved') }} as campaigns on trim(clips.campaign_text) = campaigns.campaign_text
