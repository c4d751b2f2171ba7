select
    trim(latest.outlet) as outlet,
    trim(latest.clip_id) as clip_id,
    latest.published_on as published_date,
    latest.medium,
    latest.campaign as campaign_text,
    latest.cluster_id,
    latest.is_syndicated,
    latest.circulation,
    latest.sentiment,
    latest.has_key_message,
    latest.geography
from {{ latest_version(source('feeds', 'media_clips')) }}
