-- Four quarters of twelve hires, and of transfers too few to show.
select md5(kind || i) as move_key,
    (date_trunc('quarter', {as_of}) - to_months((3 * i)::integer))::date as period_start, kind,
    case kind when 'hire' then 12 end as people, kind <> 'hire' as is_suppressed,
    150 as average_headcount
from range(4) as quarters(i), (values ('hire'), ('transfer')) as kinds(kind)
