{# Favourable is above the middle of the scale: 4 and 5 of 1-5, 5 to 7 of 1-7. Promoters (9, 10) and detractors
   (0-6) exist for the question from 0 to 10 alone. A score outside its scale is none. #}
with organization as (
    select time_zone from {{ ref('int_organization') }}
),

answers as (
    select
        satisfaction.*,
        case
            when score < scale_min or score > scale_max then null
            else score
        end as valid_score
    from {{ ref('stg_feeds__satisfaction') }} as satisfaction
)

select
    {{ surrogate_key(['answers.survey', 'answers.answer_id']) }} as answer_key,
    answers.survey,
    answers.kind,
    {{ to_local_date('answers.sent_at', 'organization.time_zone') }} as sent_date,
    {{ to_local_date('answers.answered_at', 'organization.time_zone') }} as answered_date,
    answers.valid_score as score,
    answers.valid_score is not null as is_answered,
    case
        when answers.kind in ('csat', 'ces') and answers.scale_max > answers.scale_min
            then 2 * (answers.valid_score - answers.scale_min) > answers.scale_max - answers.scale_min
    end as is_favourable,
    case
        when answers.kind = 'nps' and coalesce(answers.scale_min, 0) = 0 and coalesce(answers.scale_max, 10) = 10
            then answers.valid_score >= 9
    end as is_promoter,
    case
        when answers.kind = 'nps' and coalesce(answers.scale_min, 0) = 0 and coalesce(answers.scale_max, 10) = 10
            then answers.valid_score <= 6
    end as is_detractor,
    answers.channel,
    answers.wording_version
from answers
cross join organization
