select
    latest.survey,
    latest.answer_id,
    lower(trim(latest.kind)) as kind,
    latest.sent_at,
    latest.answered_at,
    latest.score,
    latest.scale_min,
    latest.scale_max,
    lower(trim(latest.channel)) as channel,
    latest.ticket_id,
    latest.contact_email_hash,
    latest.wording_version
from {{ latest_version(source('feeds', 'satisfaction')) }}
