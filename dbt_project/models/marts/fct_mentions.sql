{# Two tools and two queries find the same item: it counts once a subject, coded by people before tools. #}
with organization as (
    select time_zone from {{ ref('int_organization') }}
),

numbered as (
    select
        mentions.*,
        row_number() over (
            partition by network, mention_id, subject
            order by
                case
                    when sentiment is not null and sentiment_method = 'human' then 0
                    when sentiment is not null then 1
                    else 2
                end,
                published_at,
                tool,
                query,
                query_version
        ) as copy_number
    from {{ ref('stg_feeds__mentions') }} as mentions
)

select
    {{ surrogate_key(['mentions.network', 'mentions.mention_id', 'mentions.subject']) }} as mention_key,
    mentions.mention_id,
    mentions.network,
    mentions.query,
    mentions.query_version,
    mentions.tool,
    mentions.published_at,
    {{ to_local_date('mentions.published_at', 'organization.time_zone') }} as published_date,
    mentions.subject,
    mentions.is_brand,
    mentions.is_employee,
    mentions.sentiment,
    mentions.sentiment_method,
    mentions.is_recommendation,
    mentions.has_key_message
from numbered as mentions
cross join organization
where mentions.copy_number = 1
