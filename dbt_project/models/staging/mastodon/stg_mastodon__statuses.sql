{# Boosts and replies are no items of our own, and what is not public was never published. #}
select
    'mastodon' as network,
    statuses.acct as account,
    {{ account_id("'mastodon'", 'statuses.acct') }} as account_id,
    statuses.status_id as post_id,
    statuses.captured_on,
    statuses.created_at as published_at,
    coalesce(lower(trim(statuses.media_type)), 'status') as post_type,
    lower(trim(statuses.tags)) as tags,
    statuses.favourites_count as reactions,
    statuses.replies_count as comments,
    {{ sum_known(['statuses.reblogs_count', 'statuses.quotes_count']) }} as shares
from {{ source('mastodon', 'statuses') }} as statuses
where
    statuses.in_reply_to_id is null
    and (statuses.is_reblog is null or not statuses.is_reblog)
    and (statuses.visibility is null or statuses.visibility in ('public', 'unlisted'))
