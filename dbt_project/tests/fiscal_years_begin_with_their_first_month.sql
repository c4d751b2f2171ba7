-- Twelve fiscal months a year; of the calendar of months each is one calendar month, the first of them the one
-- that the settings name; of a retail calendar all are whole weeks.
select
    dates.fiscal_year,
    dates.fiscal_month,
    min(dates.date_day) as first_day
from {{ ref('dim_dates') }} as dates
cross join {{ ref('int_organization') }} as organization
group by
    dates.fiscal_year, dates.fiscal_month, organization.fiscal_year_start_month, organization.fiscal_calendar,
    organization.as_of
having
    dates.fiscal_month not between 1 and 12
    or (
        coalesce(organization.fiscal_calendar, 'months') = 'months'
        and (
            count(distinct dates.month_start_date) <> 1
            or mod(
                min(extract(month from dates.date_day)) - organization.fiscal_year_start_month + 12, 12
            ) + 1 <> dates.fiscal_month
        )
    )
    or (
        coalesce(organization.fiscal_calendar, 'months') <> 'months'
        -- The first and the last month of the table may be cut.
        and min(dates.date_day) > (select min(edge.date_day) from {{ ref('dim_dates') }} as edge)
        and max(dates.date_day) < (select max(edge.date_day) from {{ ref('dim_dates') }} as edge)
        and mod(count(*), 7) <> 0
    )
