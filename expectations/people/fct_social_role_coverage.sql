-- Six quarters.
select md5(i::varchar) as role_coverage_key,
    (date_trunc('quarter', {as_of}) - to_months((3 * i)::integer))::date as quarter_start_date, 8 as departments,
    6 as departments_covered, 21 as people, false as is_suppressed
from range(6) as quarters(i)
