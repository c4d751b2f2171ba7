-- Twelve fiscal months a year, the first of them the one that the settings name, in one piece.
select
    dates.fiscal_year,
    dates.fiscal_month,
    min(dates.date_day) as first_day
from {{ ref('dim_dates') }} as dates
cross join {{ ref('int_organization') }} as organization
group by dates.fiscal_year, dates.fiscal_month, organization.fiscal_year_start_month
having
    count(distinct dates.month_start_date) <> 1
    or mod(
        min(extract(month from dates.date_day)) - organization.fiscal_year_start_month + 12, 12
    ) + 1 <> dates.fiscal_month
