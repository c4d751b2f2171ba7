-- Of all posts together: by post it would be five times fct_post_days, and nobody asks for the type by post.
with account_days as (
    select
        date_day,
        network,
        account_id,
        ownership,
        campaign_id,
        sum(reactions) as reactions,
        sum(comments) as comments,
        sum(shares) as shares,
        sum(saves) as saves,
        sum(clicks) as clicks
    from {{ ref('fct_post_days') }}
    group by date_day, network, account_id, ownership, campaign_id
),

engagement_types as (
    {%- for type in ['reaction', 'comment', 'share', 'save', 'click'] %}
    select '{{ type }}' as engagement_type
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

typed as (
    select
        account_days.date_day,
        account_days.network,
        account_days.account_id,
        account_days.ownership,
        account_days.campaign_id,
        engagement_types.engagement_type,
        case engagement_types.engagement_type
            when 'reaction' then account_days.reactions
            when 'comment' then account_days.comments
            when 'share' then account_days.shares
            when 'save' then account_days.saves
            else account_days.clicks
        end as actions
    from account_days
    cross join engagement_types
)

select
    {{ surrogate_key(['date_day', 'network', 'account_id', 'ownership', 'campaign_id', 'engagement_type']) }}
        as engagement_day_key,
    date_day,
    network,
    account_id,
    ownership,
    campaign_id,
    engagement_type,
    {{ as_type('actions', 'integer') }} as actions
from typed
where actions is not null
