select
    'mastodon' as network,
    accounts.acct as account,
    {{ account_id("'mastodon'", 'accounts.acct') }} as account_id,
    accounts.captured_on as date_day,
    accounts.created_at,
    accounts.followers_count as followers
from {{ source('mastodon', 'accounts') }} as accounts
