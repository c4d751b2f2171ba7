{# Which campaign a text means: its own id, else the id it has in one system, else a campaign that
   nobody registered. A system's id that two campaigns claim means neither: unallocated is honest. #}
with registered as (
    select distinct campaign_id from {{ ref('stg_feeds__campaigns') }}
),

system_ids as (
    select
        system_id,
        min(campaign_id) as campaign_id,
        count(distinct campaign_id) as campaigns
    from {{ ref('stg_feeds__campaigns') }}
    where system_id not in (select campaign_id from registered)
    group by system_id
),

texts as (
    select trim(campaign_text) as campaign_text from {{ ref('int_campaigns_named') }}
    union
    select campaign_id as campaign_text from registered
    union
    select system_id as campaign_text from system_ids
)

select
    texts.campaign_text,
    case
        when registered.campaign_id is not null then registered.campaign_id
        when system_ids.campaigns = 1 then system_ids.campaign_id
        when system_ids.campaigns > 1 then null
        else texts.campaign_text
    end as campaign_id,
    registered.campaign_id is not null or system_ids.system_id is not null as is_registered
from texts
left join registered on texts.campaign_text = registered.campaign_id
left join system_ids on texts.campaign_text = system_ids.system_id
where texts.campaign_text is not null and texts.campaign_text <> ''
