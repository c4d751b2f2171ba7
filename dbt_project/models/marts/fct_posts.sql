{# Counters are lifetime values at the latest capture; days of them are in fct_post_days. #}
with last_captures as (
    select
        network,
        account_id,
        post_id,
        max(captured_on) as captured_on
    from {{ ref('int_post_captures_unioned') }}
    group by network, account_id, post_id
),

latest as (
    select
        captures.*,
        row_number() over (
            partition by captures.network, captures.account_id, captures.post_id order by captures.account
        ) as copy_number
    from {{ ref('int_post_captures_unioned') }} as captures
    inner join last_captures
        on
            captures.network = last_captures.network
            and captures.account_id = last_captures.account_id
            and captures.post_id = last_captures.post_id
            and captures.captured_on = last_captures.captured_on
)

select
    {{ surrogate_key(['network', 'account_id', 'post_id']) }} as post_key,
    -- The id of an employee's post leads to its author.
    case when ownership = 'employee' then {{ surrogate_key(['network', 'account_id', 'post_id']) }} else post_id end as post_id,
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
where copy_number = 1
