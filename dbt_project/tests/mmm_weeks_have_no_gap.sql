-- A model reads a missing week as if time had not passed.
select
    geography,
    min(week_start_date) as first_week,
    max(week_start_date) as last_week,
    count(*) as weeks
from {{ ref('mmm_weeks') }}
group by geography
having count(*) * 7 <> {{ days_between('min(week_start_date)', 'max(week_start_date)') }} + 7
