select
    latest.system as source_system,
    latest.question_id,
    latest.asked_at,
    latest.is_anonymous,
    lower(trim(latest.topic)) as topic,
    latest.answered_at,
    latest.answered_by_email_hash
from {{ latest_version(source('feeds', 'employee_questions')) }}
