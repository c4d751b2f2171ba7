-- One row per survey wave, department group and question: answers and what they say. Fewer than ten answers are withheld; benchmarks of others are left out.
select
    wave_date as period_start, survey, wave, department_group as business_unit,
    case question when 'enps' then 'Would recommend us as an employer'
        else upper(left(question, 1)) || replace(substr(question, 2), '_', ' ') end as question,
    question as question_id, respondents, response_rate, favourable_share,
    case when respondents > 0 and promoters is not null and detractors is not null
        then 100.0 * (promoters - detractors) / respondents end as net_promoters,
    mean_answer,
    case when is_suppressed then 'withheld' else 'shown' end as privacy
from main.fct_survey_results
where not is_benchmark
order by 1, 5, 4
