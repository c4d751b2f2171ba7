{# Posts of all networks as they were read, one block a source. An API is believed before a file about
   the same day. What a network does not report is null; metric_availability says why. #}
with apis as (
    select
        network, account, account_id, post_id, captured_on, published_at, post_type,
        {{ unknown('text') }} as category,
        campaign_text,
        {{ unknown('boolean') }} as is_paid,
        {{ unknown('integer') }} as impressions,
        {{ unknown('integer') }} as views,
        {{ unknown('integer') }} as reach_people,
        reactions, comments, shares,
        {{ unknown('integer') }} as saves,
        {{ unknown('integer') }} as clicks,
        {{ unknown('integer') }} as link_clicks,
        {{ unknown('integer') }} as video_views,
        {{ unknown('integer') }} as engaged_people,
        {{ unknown('text') }} as metric_definition
    from {{ ref('int_mastodon_statuses_tagged') }}
),

unioned as (
    select * from apis
    union all
    select
        network, account, account_id, post_id, captured_on, published_at, post_type,
        category, campaign_text, is_paid, impressions, views, reach_people, reactions, comments, shares,
        saves, clicks, link_clicks, video_views, engaged_people, metric_definition
    from {{ ref('stg_feeds__posts') }} as files
    where not exists (
        select 1
        from apis
        where
            apis.network = files.network
            and apis.account_id = files.account_id
            and apis.post_id = files.post_id
            and apis.captured_on = files.captured_on
    )
),

organization as (
    select time_zone from {{ ref('int_organization') }}
)

select
    captures.network,
    captures.account,
    captures.account_id,
    captures.post_id,
    captures.captured_on,
    captures.published_at,
    {{ to_local_date('captures.published_at', 'coalesce(accounts.time_zone, organization.time_zone)') }} as published_date,
    captures.post_type,
    captures.category,
    campaigns.campaign_id,
    captures.is_paid,
    captures.impressions,
    captures.views,
    captures.reach_people,
    captures.reactions,
    captures.comments,
    captures.shares,
    captures.saves,
    captures.clicks,
    captures.link_clicks,
    captures.video_views,
    captures.engaged_people,
    captures.metric_definition,
    accounts.ownership
from unioned as captures
cross join organization
left join {{ ref('int_accounts_registered') }} as accounts on captures.account_id = accounts.account_id
left join {{ ref('int_campaigns_resolved') }} as campaigns on trim(captures.campaign_text) = campaigns.campaign_text
