-- Thirty units, one question.
select 'peoplesurvey' as survey, '2025' as wave, 'unit' || i as unit, 'q1' as question,
    0.6 as favourable_share
from range(30) as rows(i)
