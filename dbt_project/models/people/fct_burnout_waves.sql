{# A validated scale by its own rules: items scored 0 to 100, a person's score the mean of at least half of
   them, at risk from the published cut-off on. One row for all: a department's count of people at risk would
   nearly always describe fewer than five. #}
with answers as (
    select
        answers.survey,
        answers.wave,
        scales.scale,
        scales.items_needed,
        scales.cut_off,
        answers.respondent_id_hash,
        answers.answered_on,
        {{ safe_divide(
            '100 * (answers.answer - answers.scale_min)', '(answers.scale_max - answers.scale_min)'
        ) }} as item_score
    from {{ ref('stg_feeds__survey_answers') }} as answers
    inner join {{ ref('burnout_scales') }} as scales on lower(trim(answers.question)) = scales.question
),

persons as (
    select
        survey,
        wave,
        scale,
        respondent_id_hash,
        min(answered_on) as first_answered_on,
        case when count(item_score) >= max(items_needed) then {{ rounded('avg(item_score)', 6) }} end as person_score,
        max(cut_off) as cut_off
    from answers
    group by survey, wave, scale, respondent_id_hash
),

waves as (
    select
        survey,
        wave,
        scale,
        min(first_answered_on) as first_answered_on,
        count(*) as invited,
        count(person_score) as respondents,
        count(*) - count(person_score) as silent,
        sum(case when person_score >= cut_off then 1 else 0 end) as at_risk,
        {{ rounded('avg(person_score)', 1) }} as mean_score
    from persons
    group by survey, wave, scale
),

checked as (
    select
        waves.*,
        respondents < 10
        or at_risk between 1 and 4
        or respondents - at_risk between 1 and 4 as is_suppressed
    from waves
)

select
    {{ surrogate_key(['survey', 'wave', 'scale']) }} as burnout_wave_key,
    survey,
    wave,
    {{ wave_date('wave', 'first_answered_on') }} as wave_date,
    scale,
    -- Everybody answered, or so few did not that they could be told: who was asked is not known.
    {{ as_type('case when not is_suppressed and silent >= 5 then invited end', 'integer') }} as invited,
    {{ as_type('case when not is_suppressed then respondents end', 'integer') }} as respondents,
    {{ as_type('case when not is_suppressed then at_risk end', 'integer') }} as at_risk,
    {{ as_type('case when not is_suppressed then mean_score end', 'number') }} as mean_score,
    is_suppressed
from checked
