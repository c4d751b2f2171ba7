-- Two hundred questionnaires, every second answered with an eight.
select 'nps' as survey, 's' || i as answer_id, 'nps' as kind,
    {as_of}::timestamp - to_hours((12 * i)::integer) as sent_at,
    case when i % 2 = 0 then {as_of}::timestamp - to_hours((12 * i)::integer) + interval 1 hour end
        as answered_at,
    case when i % 2 = 0 then 8 end as score, 0 as scale_min, 10 as scale_max, 'w1' as wording_version
from range(200) as rows(i)
