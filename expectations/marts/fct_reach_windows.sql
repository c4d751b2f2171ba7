-- One account, ten weeks.
select md5(i::varchar) as reach_window_key, 'linkedin' as network, 'a1' as account_id,
    28 as window_days, {as_of} - (7 * i)::integer as window_end_date, 20000 as reach_people,
    40000 as impressions, 100000 as universe_people
from range(10) as rows(i)
