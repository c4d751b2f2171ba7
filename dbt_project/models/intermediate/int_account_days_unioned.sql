{# Accounts of all networks day by day, one line a source: an API before a file about the same day. #}
with unioned as (
    select network, account, account_id, date_day, followers, {{ unknown('integer') }} as profile_views, {{ unknown('integer') }} as impressions, 1 as source_rank
    from {{ ref('stg_mastodon__accounts') }}
    union all
    select network, account, account_id, date_day, followers, profile_views, impressions, 9 as source_rank
    from {{ ref('stg_feeds__account_days') }}
),

numbered as (
    select
        unioned.*,
        row_number() over (
            partition by account_id, date_day
            order by source_rank, account, followers, profile_views, impressions
        ) as copy_number
    from unioned
)

select
    network,
    account,
    account_id,
    date_day,
    followers,
    profile_views,
    impressions
from numbered
where copy_number = 1
