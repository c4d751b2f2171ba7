with organization as (
    select * from {{ ref('int_organization') }}
)

select
    {{ surrogate_key(['tickets.source_system', 'tickets.ticket_id']) }} as ticket_key,
    tickets.source_system || ':' || tickets.ticket_id as ticket_id,
    tickets.source_system as ticket_system,
    tickets.channel,
    tickets.opened_at,
    {{ to_local_date('tickets.opened_at', 'organization.time_zone') }} as opened_date,
    case
        when tickets.first_reply_at >= tickets.opened_at
            then {{ rounded(seconds_between('tickets.opened_at', 'tickets.first_reply_at') ~ ' / 60', 4) }}
    end as first_response_minutes,
    -- Until solved for the last time: a reopened ticket takes longer.
    case
        when tickets.solved_at >= tickets.opened_at
            then {{ rounded(seconds_between('tickets.opened_at', 'tickets.solved_at') ~ ' / 3600', 6) }}
    end as resolution_hours,
    coalesce(tickets.status in ('solved', 'closed'), tickets.solved_at is not null) as is_solved,
    case
        when not coalesce(tickets.status in ('solved', 'closed'), tickets.solved_at is not null) then null
        when tickets.reopens > 0 or tickets.replies > 1 then false
        when tickets.reopens is null or tickets.replies is null then null
        -- Seven days in which it may still be reopened.
        when {{ add_days('cast(tickets.solved_at as date)', 7) }} <= organization.as_of then true
    end as is_first_contact_resolution,
    tickets.reopens,
    tickets.replies,
    tickets.priority,
    tickets.status,
    teams.team_group as team,
    tickets.topic
from {{ ref('stg_feeds__tickets') }} as tickets
cross join organization
left join {{ ref('int_teams_grouped') }} as teams on teams.work = 'tickets' and tickets.team = teams.team
