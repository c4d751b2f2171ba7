{# Every account that the register or a source of account days or posts names; one line a source. #}
with named as (
    select network, account, account_id from {{ ref('stg_feeds__social_accounts') }}
    union
    select network, account, account_id from {{ ref('stg_mastodon__accounts') }}
    union
    select network, account, account_id from {{ ref('stg_feeds__account_days') }}
    union
    select network, account, account_id from {{ ref('stg_feeds__posts') }}
)

select
    account_id,
    min(network) as network,
    min(account) as account
from named
where account_id is not null
group by account_id
