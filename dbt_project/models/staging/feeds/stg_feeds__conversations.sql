select
    lower(trim(latest.channel)) as channel,
    latest.conversation_id,
    latest.account as reported_account,
    latest.received_at,
    latest.contact_email_hash,
    latest.needs_reply,
    latest.first_reply_at,
    latest.first_reply_by_hash,
    latest.is_auto_reply,
    latest.resolved_at,
    latest.messages,
    lower(trim(latest.topic)) as topic,
    latest.team
from {{ latest_version(source('feeds', 'conversations')) }}
