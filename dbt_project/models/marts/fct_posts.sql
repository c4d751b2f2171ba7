{# Counters are lifetime values at the latest capture; days of them are in fct_post_days. #}
with latest as (
    select
        captures.*,
        row_number() over (
            partition by network, account_id, post_id order by captured_on desc
        ) as capture_rank
    from {{ ref('int_post_captures_unioned') }} as captures
)

select
    {{ surrogate_key(['network', 'account_id', 'post_id']) }} as post_key,
    post_id,
    network,
    account_id,
    ownership,
    published_at,
    published_date,
    post_type,
    category,
    campaign_id,
    is_paid,
    captured_on,
    impressions,
    views,
    reach_people,
    reactions,
    comments,
    shares,
    saves,
    clicks,
    link_clicks,
    video_views,
    engaged_people,
    {{ sum_known(['reactions', 'comments', 'shares', 'saves', 'clicks']) }} as engagements,
    metric_definition
from latest
where capture_rank = 1
