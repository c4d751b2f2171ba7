{# Every text by which somebody named a campaign; one line a source. #}
select campaign_text from {{ ref('stg_feeds__channel_days') }}
union
select campaign_text from {{ ref('stg_feeds__posts') }}
union
select campaign_text from {{ ref('stg_feeds__reach_windows') }}
union
select campaign_text from {{ ref('stg_feeds__media_clips') }}
union
select campaign_text from {{ ref('stg_feeds__events') }}
union
select campaign_text from {{ ref('stg_feeds__touchpoints') }}
union
select campaign_text from {{ ref('stg_feeds__leads') }}
union
select campaign_text from {{ ref('stg_feeds__deals') }}
union
select campaign_text from {{ ref('stg_hubspot__deals') }}
union
select campaign_text from {{ ref('stg_feeds__orders') }}
union
select campaign_text from {{ ref('stg_feeds__content') }}
