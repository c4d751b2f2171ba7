-- Six quarters.
select md5(i::varchar) as concentration_key,
    (date_trunc('quarter', {as_of}) - to_months((3 * i)::integer))::date as quarter_start_date, 20 as people,
    50 as companies, 180 as ties, 60.0 as concentrated_ties, 3.0 as effective_people, 0.65 as log_coverage,
    false as is_suppressed
from range(6) as quarters(i)
