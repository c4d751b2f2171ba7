-- One campaign, four windows.
select md5(i::varchar) as campaign_reach_key, 'c1' as campaign_id, 28 as window_days,
    {as_of} - (28 * i)::integer as window_end_date, 3 as channels, 60000 as reach_at_least,
    110000 as reach_at_most, 200000 as universe_people, 3 as pairs, 3 as pairs_measured
from range(4) as windows(i)
