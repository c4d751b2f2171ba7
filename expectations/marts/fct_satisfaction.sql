-- Four hundred questionnaires, every second answered with eight or nine.
select 's' || i as answer_key, 'nps' as survey, 'nps' as kind, {as_of} - i::integer as sent_date,
    case when i % 2 = 0 then 8 + (i // 2) % 2 end as score, i % 2 = 0 as is_answered,
    case when i % 2 = 0 then (i // 2) % 2 = 1 end as is_promoter,
    case when i % 2 = 0 then false end as is_detractor
from range(400) as rows(i)
