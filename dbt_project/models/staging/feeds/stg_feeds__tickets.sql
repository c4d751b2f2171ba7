select
    latest.system as source_system,
    latest.ticket_id,
    lower(trim(latest.channel)) as channel,
    latest.opened_at,
    latest.first_reply_at,
    latest.solved_at,
    latest.reopens,
    latest.replies,
    latest.priority,
    lower(trim(latest.status)) as status,
    latest.team,
    latest.contact_email_hash,
    latest.agent_email_hash,
    lower(trim(latest.topic)) as topic
from {{ latest_version(source('feeds', 'tickets')) }}
