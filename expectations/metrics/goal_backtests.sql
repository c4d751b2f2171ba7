-- Thirty readings, nine of ten covered.
select 'g' || (i % 3) as goal_id, 'count' as metric_id, {two_years_ago} as period_from,
    {year_ago} - i::integer as reading_date, 0.5 as share_elapsed, 1210.0 as forecast,
    1100.0 as forecast_low, 1300.0 as forecast_high, 1250.0 as final, 0.03 as error_share,
    i % 10 <> 0 as is_covered
from range(30) as rows(i)
