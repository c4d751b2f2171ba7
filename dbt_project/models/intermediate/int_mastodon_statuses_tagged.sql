{# A campaign's id on Mastodon is a hashtag. #}
with tags as (
    select distinct tags from {{ ref('stg_mastodon__statuses') }} where tags is not null
),

campaigns as (
    select lower(system_id) as tag, campaign_id
    from {{ ref('stg_feeds__campaigns') }}
    where system = 'mastodon'
),

tagged as (
    select
        tags.tags,
        min(campaigns.campaign_id) as campaign_text
    from tags
    inner join campaigns on ' ' || tags.tags || ' ' like '% ' || campaigns.tag || ' %'
    group by tags.tags
)

select
    statuses.network,
    statuses.account,
    statuses.account_id,
    statuses.post_id,
    statuses.captured_on,
    statuses.published_at,
    statuses.post_type,
    tagged.campaign_text,
    statuses.reactions,
    statuses.comments,
    statuses.shares
from {{ ref('stg_mastodon__statuses') }} as statuses
left join tagged on statuses.tags = tagged.tags
