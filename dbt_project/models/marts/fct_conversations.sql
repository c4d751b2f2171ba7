{# After hours is said only where it describes one of five people or more: in weeks in which the team's row of
   people.fct_workload_weeks is shown. #}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

answered as (
    select
        conversations.*,
        {{ seconds_between('conversations.received_at', 'conversations.first_reply_at') }} / 60 as response_minutes,
        coalesce(levels.first_response_minutes, others.first_response_minutes) as promised_minutes,
        -- Everything until the end of as_of is known.
        {{ seconds_between(
            'conversations.received_at', as_type(add_days('organization.as_of', 1), 'timestamp')
        ) }} / 60 as minutes_known
    from {{ ref('int_conversations_answered') }} as conversations
    cross join organization
    left join {{ ref('service_levels') }} as levels on conversations.channel = levels.channel
    left join {{ ref('service_levels') }} as others on others.channel = '*'
),

handles as (
    select
        lower(trim(account)) as handle,
        network,
        min(account_id) as account_id
    from {{ ref('int_accounts_seen') }}
    group by lower(trim(account)), network
)

select
    {{ surrogate_key(['answered.conversation_id']) }} as conversation_key,
    answered.conversation_id,
    answered.channel,
    handles.account_id,
    answered.received_at,
    answered.received_date,
    answered.needs_reply,
    answered.first_reply_at,
    case when answered.response_minutes >= 0 then {{ rounded('answered.response_minutes', 4) }} end as first_response_minutes,
    answered.first_reply_at is not null as is_answered,
    case
        when not answered.needs_reply then null
        when answered.response_minutes <= answered.promised_minutes then true
        -- Later than promised, or still waiting for longer than that.
        when answered.minutes_known > answered.promised_minutes then false
    end as is_answered_in_sla,
    answered.is_auto_reply,
    case when cells.is_shown then answered.is_reply_after_hours end as is_reply_after_hours,
    answered.resolved_at,
    case
        when answered.resolved_at >= answered.received_at
            then {{ rounded(seconds_between('answered.received_at', 'answered.resolved_at') ~ ' / 3600', 6) }}
    end as resolution_hours,
    answered.messages,
    teams.team_group as team,
    answered.topic
from answered
left join handles
    on lower(trim(answered.reported_account)) = handles.handle and answered.channel = handles.network
left join {{ ref('int_teams_grouped') }} as teams
    on teams.work = 'conversations' and answered.team = teams.team
left join {{ ref('int_workload_weeks_counted') }} as cells
    on answered.team = cells.team and answered.week_start_date = cells.week_start_date
