{# A retail year counts whole weeks: it begins on the weekday nearest to the first of its month, or on the first
   one after the last such weekday of the month before, and so has 52 weeks or 53. The calendar of months begins on
   the first of its month. Every day hangs on the year's first day; all else is counted from there. #}
{%- set patterns = {'4-4-5': [4, 8], '4-5-4': [4, 9], '5-4-4': [5, 9]} %}
with organization as (
    select
        as_of,
        coalesce(fiscal_year_start_month, 1) as fiscal_year_start_month,
        coalesce(fiscal_calendar, 'months') as fiscal_calendar,
        coalesce(fiscal_week_start, 1) as fiscal_week_start,
        coalesce(fiscal_year_end, 'nearest') as fiscal_year_end
    from {{ ref('int_organization') }}
),

begun as (
    select first_day from {{ ref('int_data_begun') }}
),

bounds as (
    select
        {{ add_days('begun.first_day', '-731') }} as first_day,
        {{ add_days(period_start(add_days(period_start('organization.as_of', 'year'), '740'), 'year'), '-1') }} as last_day
    from begun
    cross join organization
),

day_numbers as (
    {{ numbers(5) }}
),

days as (
    select {{ add_days('bounds.first_day', 'day_numbers.n') }} as date_day
    from bounds
    inner join day_numbers on day_numbers.n <= {{ days_between('bounds.first_day', 'bounds.last_day') }}
),

year_numbers as (
    {{ numbers(3) }}
),

years as (
    select
        {{ as_type('extract(year from bounds.first_day)', 'integer') }} - 2 + year_numbers.n as start_year,
        organization.*
    from bounds
    cross join organization
    inner join year_numbers
        on year_numbers.n <= extract(year from bounds.last_day) - extract(year from bounds.first_day) + 4
),

first_of_month as (
    select
        years.*,
        cast(
            cast(start_year as {{ sql_type('text') }}) || '-'
            || case when fiscal_year_start_month < 10 then '0' else '' end
            || cast(fiscal_year_start_month as {{ sql_type('text') }}) || '-01' as date
        ) as nominal_start
    from years
),

-- The week of a day begins on the last weekday of that name on or before it.
latest_start as (
    select
        first_of_month.*,
        case when fiscal_year_end = 'nearest' then {{ add_days('nominal_start', '3') }} else nominal_start end as latest
    from first_of_month
),

fiscal_years as (
    select
        -- Named after the calendar year in which it ends by the calendar of months.
        case when fiscal_year_start_month > 1 then start_year + 1 else start_year end as fiscal_year,
        nominal_start,
        fiscal_calendar,
        case
            when fiscal_calendar = 'months' then nominal_start
            else
                {{ add_days('latest', '-mod(' ~ days_between(period_start('latest', 'week'), 'latest') ~ ' + 1 - fiscal_week_start + 7, 7)') }}
        end as fiscal_year_start_date
    from latest_start
),

fiscal_spans as (
    select
        fiscal_years.*,
        lead(fiscal_year_start_date) over (order by fiscal_year_start_date) as next_start_date
    from fiscal_years
),

parts as (
    select
        days.date_day,
        {{ period_start('days.date_day', 'week') }} as week_start_date,
        {{ add_days(period_start('days.date_day', 'week'), '3') }} as thursday,
        {{ period_start('days.date_day', 'month') }} as month_start_date,
        {{ period_start('days.date_day', 'quarter') }} as quarter_start_date,
        {{ period_start('days.date_day', 'year') }} as year_start_date,
        fiscal_spans.fiscal_year,
        fiscal_spans.fiscal_calendar,
        fiscal_spans.fiscal_year_start_date,
        case
            when fiscal_spans.fiscal_calendar <> 'months'
                then {{ as_type("floor(" ~ days_between('fiscal_spans.fiscal_year_start_date', 'days.date_day') ~ " / 7.0)", 'integer') }} + 1
        end as fiscal_week,
        {{ as_type('extract(month from days.date_day)', 'integer') }}
        - {{ as_type('extract(month from fiscal_spans.nominal_start)', 'integer') }} as months_in
    from days
    inner join fiscal_spans
        on
            days.date_day >= fiscal_spans.fiscal_year_start_date
            and days.date_day < fiscal_spans.next_start_date
),

-- A 53rd week belongs to the last quarter and its last month.
weeks as (
    select
        parts.*,
        case when fiscal_week > 39 then 4 when fiscal_week > 26 then 3 when fiscal_week > 13 then 2 else 1 end as week_quarter
    from parts
),

fiscal as (
    select
        weeks.*,
        case
            when fiscal_calendar = 'months' then case when months_in >= 0 then months_in + 1 else months_in + 13 end
            {%- for pattern, ends in patterns.items() %}
            when fiscal_calendar = '{{ pattern }}'
                then
                    (week_quarter - 1) * 3 + case
                        when fiscal_week - (week_quarter - 1) * 13 <= {{ ends[0] }} then 1
                        when fiscal_week - (week_quarter - 1) * 13 <= {{ ends[1] }} then 2
                        else 3
                    end
            {%- endfor %}
        end as fiscal_month,
        {{ as_type('extract(year from thursday)', 'integer') }} as iso_year,
        {{ as_type('floor(' ~ days_between(period_start('thursday', 'year'), 'thursday') ~ ' / 7.0)', 'integer') }} + 1 as iso_week
    from weeks
),

-- The Monday of the same ISO week a year before: the fourth of January is always in week 1.
aligned as (
    select
        fiscal.*,
        {{ as_type('floor((fiscal_month - 1) / 3.0)', 'integer') }} + 1 as fiscal_quarter,
        {{ add_days(period_start("cast(cast(iso_year - 1 as " ~ sql_type('text') ~ ") || '-01-04' as date)", 'week'), '7 * (iso_week - 1)') }}
            as same_week_before
    from fiscal
)

select
    {{ surrogate_key(['date_day']) }} as date_key,
    date_day,
    iso_year,
    iso_week,
    week_start_date,
    case
        when extract(year from {{ add_days('same_week_before', '3') }}) = iso_year - 1 then same_week_before
    end as year_before_week_start_date,
    month_start_date,
    quarter_start_date,
    year_start_date,
    fiscal_year,
    fiscal_quarter,
    fiscal_month,
    fiscal_week,
    fiscal_year_start_date,
    min(date_day) over (partition by fiscal_year, fiscal_quarter) as fiscal_quarter_start_date,
    min(date_day) over (partition by fiscal_year, fiscal_month) as fiscal_month_start_date,
    {{ days_between('week_start_date', 'date_day') }} + 1 as day_of_week,
    {{ days_between('week_start_date', 'date_day') }} >= 5 as is_weekend
from aligned
