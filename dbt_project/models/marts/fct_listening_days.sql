{# Hours in which somebody really listened, out of those we promise. Logged in is not listening: what counts
   is an agent who did something. Small teams stand together as everywhere. #}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

days as (
    select
        coalesce(teams.team_group, 'Other teams') as team,
        rotas.date_day,
        sum(rotas.promised_hours) as promised_hours,
        case when count(rotas.staffed_hours) = count(*) then sum(least(rotas.staffed_hours, rotas.promised_hours)) end
            as staffed_hours,
        -- More activity than logins contradicts itself: the smaller of the two is believed.
        case
            when count(rotas.active_hours) = count(*)
                then sum(least(
                    rotas.active_hours, coalesce(rotas.staffed_hours, rotas.active_hours), rotas.promised_hours
                ))
        end as listened_hours
    from {{ ref('stg_feeds__rotas') }} as rotas
    cross join organization
    left join {{ ref('int_teams_grouped') }} as teams on teams.work = 'conversations' and rotas.team = teams.team
    where rotas.date_day <= organization.as_of
    group by coalesce(teams.team_group, 'Other teams'), rotas.date_day
)

select
    {{ surrogate_key(['team', 'date_day']) }} as listening_day_key,
    date_day,
    team,
    {{ rounded('promised_hours', 4) }} as promised_hours,
    {{ rounded('staffed_hours', 4) }} as staffed_hours,
    {{ rounded('listened_hours', 4) }} as listened_hours
from days
