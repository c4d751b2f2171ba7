-- A week counts where its Monday lies, in a month as in a fiscal quarter: weeks fill no calendar of months.
select
    {{ surrogate_key(['date_day']) }} as week_key,
    date_day as week_start_date,
    fiscal_quarter_start_date,
    fiscal_year_start_date
from {{ ref('dim_dates') }}
where date_day = week_start_date
