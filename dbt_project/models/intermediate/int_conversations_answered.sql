{# Conversations with what is known of the reply: whether it came outside the hours of whoever gave it, on
   the wall clock of that person's own time zone. Never published as it is. #}
with organization as (
    select * from {{ ref('int_organization') }}
),

agents as (
    select
        email_hash,
        employee_key,
        time_zone,
        {{ minutes_of_day('work_starts') }} as starts_minute,
        {{ minutes_of_day('work_ends') }} as ends_minute,
        row_number() over (
            partition by email_hash
            order by coalesce(employed_to, hired_on) desc, employee_key
        ) as recency
    from {{ ref('int_employees_unioned') }}
    where email_hash is not null
),

answered as (
    select
        conversations.channel || ':' || conversations.conversation_id as conversation_id,
        conversations.channel,
        conversations.reported_account,
        conversations.received_at,
        conversations.needs_reply,
        conversations.is_auto_reply,
        case when conversations.is_auto_reply then null else conversations.first_reply_at end as first_reply_at,
        case when conversations.is_auto_reply then null else conversations.first_reply_by_hash end
            as first_reply_by_hash,
        conversations.resolved_at,
        conversations.messages,
        conversations.topic,
        coalesce(nullif(trim(conversations.team), ''), 'Team not stated') as team,
        {{ to_local_date('conversations.received_at', 'organization.time_zone') }} as received_date,
        agents.starts_minute,
        agents.ends_minute,
        {{ to_local_timestamp('conversations.first_reply_at', 'agents.time_zone') }} as replied_at_local
    from {{ ref('stg_feeds__conversations') }} as conversations
    cross join organization
    left join agents
        on
            conversations.first_reply_by_hash = agents.email_hash
            and agents.recency = 1
            and not coalesce(conversations.is_auto_reply, false)
),

clocked as (
    select
        answered.*,
        extract(hour from answered.replied_at_local) * 60 + extract(minute from answered.replied_at_local)
            as reply_minute,
        {{ days_between(period_start('answered.replied_at_local', 'week'), 'answered.replied_at_local') }}
            as reply_weekday
    from answered
)

select
    conversation_id,
    channel,
    reported_account,
    received_at,
    received_date,
    {{ period_start('received_date', 'week') }} as week_start_date,
    needs_reply,
    is_auto_reply,
    first_reply_at,
    first_reply_by_hash,
    resolved_at,
    messages,
    topic,
    team,
    case
        when replied_at_local is null then null
        when reply_weekday >= 5 then true
        when starts_minute is null or ends_minute is null then null
        -- A shift over midnight ends before it starts.
        when starts_minute <= ends_minute then reply_minute < starts_minute or reply_minute >= ends_minute
        else reply_minute < starts_minute and reply_minute >= ends_minute
    end as is_reply_after_hours
from clocked
