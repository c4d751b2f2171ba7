select
    latest.system as source_system,
    latest.ticket_id,
    latest.channel,
    latest.opened_at,
    latest.first_reply_at,
    latest.solved_at,
    latest.reopens,
    latest.replies,
    latest.priority,
    latest.status,
    latest.team,
    latest.contact_email_hash,
    latest.agent_email_hash,
    latest.topic
from {{ latest_version(source('feeds', 'tickets')) }}
