-- The raw channel days at a rate of one, and organic posts beside them.
select md5(channel || date || 'raw') as channel_day_key, date as date_day, channel as channel_id,
    account as account_id, campaign as campaign_id, geography, currency, spend,
    spend as spend_reporting, 1.0 as fx_rate, date as fx_rate_date, cost_type, impressions, clicks,
    false as is_spread, 'channel_days' as source_table
from raw_feeds.channel_days
