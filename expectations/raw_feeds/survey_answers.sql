-- Thirty people, one question, answers from one to five.
select 'pulse' as survey, '2026-H1' as wave, 'e' || i as respondent_id_hash, 'q1' as question,
    'I know the goals.' as question_text, 'w1' as wording_version, {month_ago} as answered_on,
    1 + i % 5 as answer, 1 as scale_min, 5 as scale_max
from range(30) as rows(i)
