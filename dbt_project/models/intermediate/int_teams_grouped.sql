{# How a team answers or sells is the work of its people, so a team of whom fewer than five are known stands
   together with the other small ones; if these are fewer than five, the next smallest joins. Over the whole
   history at once, as with departments. #}
with worked as (
    select
        'conversations' as work,
        team,
        first_reply_by_hash as person
    from {{ ref('int_conversations_answered') }}

    union all

    select
        'tickets' as work,
        team,
        agent_email_hash as person
    from {{ ref('stg_feeds__tickets') }}

    union all

    select
        'deals' as work,
        sales_team as team,
        owner_hash as person
    from {{ ref('int_deals_unioned') }}
),

teams as (
    select
        work,
        team,
        count(distinct person) as people
    from worked
    where team is not null
    group by work, team
),

ranked as (
    select
        work,
        team,
        people,
        row_number() over (partition by work order by people, team) as size_rank,
        sum(case when people < 5 then 1 else 0 end) over (partition by work) as small_teams,
        sum(people) over (
            partition by work order by people, team rows between unbounded preceding and current row
        ) as pooled_people
    from teams
),

pools as (
    select
        work,
        -- Where no pool is large enough, everybody is in one.
        coalesce(
            min(case when size_rank >= small_teams and pooled_people >= 5 then size_rank end),
            max(size_rank)
        ) as size_rank
    from ranked
    where small_teams > 0
    group by work
)

select
    ranked.work,
    ranked.team,
    ranked.people,
    case when ranked.size_rank <= pools.size_rank then 'Other teams' else ranked.team end as team_group
from ranked
left join pools on ranked.work = pools.work
