with organization as (
    select
        as_of,
        coalesce(fiscal_year_start_month, 1) as fiscal_year_start_month
    from {{ ref('int_organization') }}
),

begun as (
    select first_day from {{ ref('int_data_begun') }}
),

bounds as (
    select
        {{ add_days('begun.first_day', '-731') }} as first_day,
        {{ add_days(period_start(add_days(period_start('organization.as_of', 'year'), '740'), 'year'), '-1') }} as last_day,
        organization.fiscal_year_start_month
    from begun
    cross join organization
),

day_numbers as (
    {{ numbers(5) }}
),

days as (
    select
        {{ add_days('bounds.first_day', 'day_numbers.n') }} as date_day,
        bounds.fiscal_year_start_month
    from bounds
    inner join day_numbers on day_numbers.n <= {{ days_between('bounds.first_day', 'bounds.last_day') }}
),

parts as (
    select
        date_day,
        {{ period_start('date_day', 'week') }} as week_start_date,
        {{ add_days(period_start('date_day', 'week'), '3') }} as thursday,
        {{ period_start('date_day', 'month') }} as month_start_date,
        {{ period_start('date_day', 'quarter') }} as quarter_start_date,
        {{ period_start('date_day', 'year') }} as year_start_date,
        {{ as_type('extract(year from date_day)', 'integer') }} as calendar_year,
        fiscal_year_start_month,
        {{ as_type('extract(month from date_day)', 'integer') }} - fiscal_year_start_month as months_in
    from days
),

fiscal as (
    select
        parts.*,
        case when months_in >= 0 then months_in + 1 else months_in + 13 end as fiscal_month
    from parts
)

select
    {{ surrogate_key(['date_day']) }} as date_key,
    date_day,
    {{ as_type('extract(year from thursday)', 'integer') }} as iso_year,
    {{ as_type('floor(' ~ days_between(period_start('thursday', 'year'), 'thursday') ~ ' / 7.0)', 'integer') }} + 1 as iso_week,
    week_start_date,
    month_start_date,
    quarter_start_date,
    year_start_date,
    case when fiscal_year_start_month > 1 and months_in >= 0 then calendar_year + 1 else calendar_year end as fiscal_year,
    {{ as_type('floor((fiscal_month - 1) / 3.0)', 'integer') }} + 1 as fiscal_quarter,
    fiscal_month,
    {{ days_between('week_start_date', 'date_day') }} + 1 as day_of_week,
    {{ days_between('week_start_date', 'date_day') }} >= 5 as is_weekend
from fiscal
