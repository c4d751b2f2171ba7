{# Answers, counted by department and for all. Departments are the parts of 'All': beside one that is too
   small the next smallest is hidden. Scores that were published for a unit stand as published. #}
{% set rating = 'scale_max > scale_min and not (scale_min = 0 and scale_max = 10)' -%}
with asked as (
    select
        answers.survey,
        answers.wave,
        coalesce(groups.department_group, nullif(trim(answers.department), ''), 'Department not stated')
            as department_group,
        answers.question,
        answers.wording_version,
        answers.respondent_id_hash,
        answers.answered_on,
        answers.answer,
        answers.scale_min,
        answers.scale_max
    from {{ ref('stg_feeds__survey_answers') }} as answers
    left join {{ ref('int_departments_grouped') }} as groups on answers.department = groups.department
),

-- Favourable is above the middle of the scale (4 and 5 of 1-5, 3 and 4 of 1-4); of 0-10, 9 and 10 promote
-- and 0-6 detract, and nothing is called favourable: a 6 is above the middle.
cells as (
    select
        survey,
        wave,
        department_group,
        question,
        wording_version,
        min(answered_on) as first_answered_on,
        count(*) as invited,
        count(answer) as respondents,
        count(*) - count(answer) as silent,
        count(case when answer is not null and {{ rating }} then 1 end) as scaled,
        sum(case when 2 * (answer - scale_min) > scale_max - scale_min and {{ rating }} then 1 else 0 end)
            as favourable,
        count(case when answer is not null and scale_min = 0 and scale_max = 10 then 1 end) as on_ten,
        sum(case when scale_min = 0 and scale_max = 10 and answer >= 9 then 1 else 0 end) as promoters,
        sum(case when scale_min = 0 and scale_max = 10 and answer <= 6 then 1 else 0 end) as detractors,
        {{ sum_number('answer') }} as sum_of_answers
    from asked
    group by survey, wave, department_group, question, wording_version
),

checked as (
    select
        cells.*,
        -- An export without anybody who did not answer does not say who was asked.
        sum(silent) over (partition by survey, wave) > 0 as is_invitation_known,
        {{ hidden_cells('respondents', 'survey, wave, question, wording_version', 'department_group', least=10) }}
            as is_hidden,
        {{ hidden_cells('silent', 'survey, wave, question, wording_version', 'department_group') }}
            as is_silence_hidden
    from cells
),

departments as (
    select
        survey,
        wave,
        first_answered_on,
        department_group,
        question,
        wording_version,
        invited,
        respondents,
        scaled,
        favourable,
        on_ten,
        promoters,
        detractors,
        sum_of_answers,
        is_hidden or respondents < 10 as is_suppressed,
        is_silence_hidden or not is_invitation_known as is_silence_hidden
    from checked
    union all
    select
        survey,
        wave,
        min(first_answered_on) as first_answered_on,
        'All' as department_group,
        question,
        wording_version,
        sum(invited) as invited,
        sum(respondents) as respondents,
        sum(scaled) as scaled,
        sum(favourable) as favourable,
        sum(on_ten) as on_ten,
        sum(promoters) as promoters,
        sum(detractors) as detractors,
        {{ sum_number('sum_of_answers') }} as sum_of_answers,
        {{ hidden_total('respondents', 'is_hidden', least=10) }} as is_suppressed,
        sum(silent) between 1 and 4 or (
            sum(silent) > 0 and {{ hidden_total('silent', 'is_silence_hidden') }}
        ) or not (min(case when is_invitation_known then 1 else 0 end) = 1) as is_silence_hidden
    from checked
    group by survey, wave, question, wording_version
),

answered as (
    select
        survey,
        wave,
        first_answered_on,
        department_group,
        question,
        wording_version,
        'answers' as basis,
        false as is_benchmark,
        case when not is_suppressed and not is_silence_hidden then invited end as invited,
        case when not is_suppressed then respondents end as respondents,
        case when not is_suppressed and not is_silence_hidden then {{ safe_divide('respondents', 'invited') }} end
            as response_rate,
        -- Counts need a scale that every answer has.
        case when not is_suppressed and scaled = respondents then favourable end as favourable,
        case when not is_suppressed and scaled = respondents then {{ safe_divide('favourable', 'respondents') }} end
            as favourable_share,
        case when not is_suppressed and on_ten = respondents then promoters end as promoters,
        case when not is_suppressed and on_ten = respondents then detractors end as detractors,
        case when not is_suppressed then {{ safe_divide('sum_of_answers', 'respondents') }} end as mean_answer,
        is_suppressed
    from departments
),

published_scores as (
    select
        survey,
        wave,
        {{ unknown('date') }} as first_answered_on,
        unit as department_group,
        question,
        {{ unknown('text') }} as wording_version,
        'published score' as basis,
        coalesce(is_benchmark, false) as is_benchmark,
        {{ unknown('integer') }} as invited,
        case when respondents >= 10 then respondents end as respondents,
        case when respondents is null or respondents >= 10 then response_rate end as response_rate,
        case when respondents >= 10 then {{ rounded('favourable_share * respondents', 0) }} end as favourable,
        case when respondents is null or respondents >= 10 then favourable_share end as favourable_share,
        {{ unknown('integer') }} as promoters,
        {{ unknown('integer') }} as detractors,
        {{ unknown('number') }} as mean_answer,
        coalesce(respondents < 10, false) as is_suppressed
    from {{ ref('stg_feeds__survey_scores') }}
),

unioned as (
    select * from answered
    union all
    select * from published_scores
)

select
    {{ surrogate_key(['survey', 'wave', 'department_group', 'question', 'wording_version', 'basis']) }}
        as survey_result_key,
    survey,
    wave,
    {{ wave_date('wave', 'first_answered_on') }} as wave_date,
    department_group,
    question,
    wording_version,
    basis,
    is_benchmark,
    {{ as_type('invited', 'integer') }} as invited,
    {{ as_type('respondents', 'integer') }} as respondents,
    {{ as_type('response_rate', 'number') }} as response_rate,
    {{ as_type('favourable', 'integer') }} as favourable,
    {{ as_type('favourable_share', 'number') }} as favourable_share,
    {{ as_type('promoters', 'integer') }} as promoters,
    {{ as_type('detractors', 'integer') }} as detractors,
    {{ as_type('mean_answer', 'number') }} as mean_answer,
    is_suppressed
from unioned
