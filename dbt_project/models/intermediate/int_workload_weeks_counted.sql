{# A team's week: what came in and who answered it. An agent belongs to the one team in which they answered
   most that week, so that teams' people do not overlap; fewer than five are not shown. #}
with conversations as (
    select * from {{ ref('int_conversations_answered') }}
),

agent_teams as (
    select
        week_start_date,
        team,
        first_reply_by_hash,
        row_number() over (
            partition by week_start_date, first_reply_by_hash order by count(*) desc, team
        ) as team_rank
    from conversations
    where first_reply_by_hash is not null
    group by week_start_date, team, first_reply_by_hash
),

people as (
    select
        week_start_date,
        team,
        count(*) as people
    from agent_teams
    where team_rank = 1
    group by week_start_date, team
),

-- A week with a day of unknown length has no sum of hours.
rotas as (
    select
        {{ period_start('date_day', 'week') }} as week_start_date,
        team,
        case when count(agent_hours) = count(*) then {{ sum_number('agent_hours') }} end as agent_hours
    from {{ ref('stg_feeds__rotas') }}
    group by {{ period_start('date_day', 'week') }}, team
)

select
    conversations.week_start_date,
    conversations.team,
    coalesce(people.people, 0) as people,
    coalesce(people.people, 0) >= 5 as is_shown,
    sum(case when conversations.needs_reply then 1 else 0 end) as needing_reply,
    rotas.agent_hours,
    count(*) as inbound,
    count(conversations.first_reply_at) as answered,
    -- Replies by people whose hours HR does not know are left out on purpose: they are in `answered` only.
    count(conversations.is_reply_after_hours) as answered_with_known_hours,
    sum(case when conversations.is_reply_after_hours then 1 else 0 end) as answered_after_hours
from conversations
left join people
    on
        conversations.week_start_date = people.week_start_date
        and conversations.team = people.team
left join rotas
    on
        conversations.week_start_date = rotas.week_start_date
        and conversations.team = rotas.team
group by conversations.week_start_date, conversations.team, people.people, rotas.agent_hours
