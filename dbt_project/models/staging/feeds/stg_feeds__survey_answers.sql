select
    latest.survey,
    latest.wave,
    latest.respondent_id_hash,
    latest.department,
    latest.question,
    latest.question_text,
    latest.wording_version,
    latest.answered_on,
    latest.answer,
    latest.scale_min,
    latest.scale_max
from {{ latest_version(source('feeds', 'survey_answers')) }}
