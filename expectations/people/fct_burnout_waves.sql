-- Four waves.
select md5(i::varchar) as burnout_wave_key, 'engagement' as survey, 'w' || i as wave,
    {as_of} - (180 * i)::integer as wave_date, 'CBI personal burnout' as scale, 140 as invited, 100 as respondents,
    18 as at_risk, 34.5 as mean_score, false as is_suppressed
from range(4) as waves(i)
