select
    lower(trim(latest.network)) as network,
    latest.account,
    {{ account_id('latest.network', 'latest.account') }} as account_id,
    latest.date as date_day,
    latest.followers,
    latest.followers_gained,
    latest.followers_lost,
    latest.profile_views,
    latest.impressions,
    latest.metric_definition
from {{ latest_version(source('feeds', 'account_days')) }}
