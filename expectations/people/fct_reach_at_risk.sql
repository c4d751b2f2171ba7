-- Four quarters.
select md5(i::varchar) as reach_at_risk_key,
    (date_trunc('quarter', {as_of}) - to_months((3 * i)::integer))::date as quarter_start_date,
    60000 as followers_total, 20000 as followers_personal, 8000 as followers_undocumented,
    1200 as followers_at_risk, 0.15::double as turnover_used, 0.2::double as largest_person_share,
    14 as accounts
from range(4) as quarters(i)
