-- Six departments, twenty asked, fifteen answered, nine agree.
select md5(i::varchar) as survey_result_key, 'pulse' as survey, '2026-H1' as wave,
    {quarter_ago} as wave_date, case i when 0 then 'Sales' else 'D' || i end as department_group,
    'q1' as question, 'w1' as wording_version, 20 as invited, 15 as respondents,
    0.75::double as response_rate, 9 as favourable, 0 as promoters, 0 as detractors,
    false as is_suppressed
from range(6) as rows(i)
