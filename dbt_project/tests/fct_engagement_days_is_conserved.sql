-- The types of a day are its engagements, and unknown where these are.
with by_type as (
    select
        date_day,
        network,
        sum(actions) as actions
    from {{ ref('fct_engagement_days') }}
    group by date_day, network
),

by_post as (
    select
        date_day,
        network,
        sum(engagements) as engagements
    from {{ ref('fct_post_days') }}
    where engagements is not null
    group by date_day, network
)

select
    by_post.date_day,
    by_post.network,
    by_post.engagements,
    by_type.actions
from by_post
full outer join by_type
    on
        by_post.date_day = by_type.date_day
        and by_post.network = by_type.network
where by_post.engagements is distinct from by_type.actions
