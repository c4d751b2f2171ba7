{# Questions that had their five days, anonymous ones too, and those that a leader answered by name in time.
   An answer of an account without a name is none. #}
with organization as (
    select * from {{ ref('int_organization') }}
),

questions as (
    select
        {{ to_local_date('questions.asked_at', 'organization.time_zone') }} as asked_on,
        coalesce(questions.is_anonymous, false) as is_anonymous,
        coalesce(
            leaders.email_hash is not null
            and {{ seconds_between('questions.asked_at', 'questions.answered_at') }} between 0 and 5 * 86400,
            false
        ) as is_answered_in_time
    from {{ ref('stg_feeds__employee_questions') }} as questions
    cross join organization
    left join {{ ref('int_leaders_named') }} as leaders on questions.answered_by_email_hash = leaders.email_hash
    where
        {{ add_days(to_local_date('questions.asked_at', 'organization.time_zone'), 5) }} <= organization.as_of
),

months as (
    select
        {{ period_start('asked_on', 'month') }} as month_start_date,
        count(*) as questions,
        sum(case when is_anonymous then 1 else 0 end) as questions_anonymous,
        sum(case when is_answered_in_time then 1 else 0 end) as questions_answered
    from questions
    group by {{ period_start('asked_on', 'month') }}
)

select
    {{ surrogate_key(['month_start_date']) }} as question_month_key,
    month_start_date,
    {{ as_type('case when questions >= 5 then questions end', 'integer') }} as questions,
    -- One question without a name among many, or one with a name, points at somebody.
    {{ as_type(
        'case when questions >= 5 and questions_anonymous not between 1 and 4 '
        ~ 'and questions - questions_anonymous not between 1 and 4 then questions_anonymous end', 'integer'
    ) }} as questions_anonymous,
    {{ as_type('case when questions >= 5 then questions_answered end', 'integer') }} as questions_answered,
    questions < 5 as is_suppressed
from months
