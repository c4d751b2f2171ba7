-- Twenty questions, half without a name.
select 'ask' as system, 'q' || i as question_id, {month_ago} + interval 9 hour as asked_at, i % 2 = 0 as is_anonymous,
    {month_ago} + interval 40 hour as answered_at, 'leader' as answered_by_email_hash
from range(20) as questions(i)
