select
    latest.survey,
    latest.wave,
    latest.unit,
    latest.question,
    latest.theme,
    latest.is_benchmark,
    latest.favourable_share,
    latest.respondents,
    latest.response_rate
from {{ latest_version(source('feeds', 'survey_scores')) }}
