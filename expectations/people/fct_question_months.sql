-- Six months.
select md5(i::varchar) as question_month_key,
    (date_trunc('month', {as_of}) - to_months(i::integer))::date as month_start_date, 12 as questions,
    6 as questions_anonymous, 8 as questions_answered, false as is_suppressed
from range(6) as months(i)
