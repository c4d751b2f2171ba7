{# The last rate on or before a day, if it is at most seven days old: weekends and holidays have none of
   their own, and an older one is a guess. The reporting currency itself is at 1 on every day. #}
with organization as (
    select * from {{ ref('int_organization') }}
),

rates as (
    select
        upper(trim(rates.currency)) as currency,
        rates.date_day,
        rates.fx_rate
    from {{ ref('stg_feeds__fx_rates') }} as rates
    inner join organization
        on upper(trim(rates.reporting_currency)) = organization.reporting_currency
    where
        upper(trim(rates.currency)) <> organization.reporting_currency
        and rates.fx_rate > 0
),

rates_until as (
    select
        currency,
        date_day,
        fx_rate,
        lead(date_day) over (partition by currency order by date_day) as next_rate_date
    from rates
),

days_after as (
    {{ numbers(1) }}
),

other_currencies as (
    select
        rates_until.currency,
        {{ add_days('rates_until.date_day', 'days_after.n') }} as date_day,
        rates_until.fx_rate,
        rates_until.date_day as fx_rate_date
    from rates_until
    cross join days_after
    where
        days_after.n <= 7
        and (
            rates_until.next_rate_date is null
            or {{ add_days('rates_until.date_day', 'days_after.n') }} < rates_until.next_rate_date
        )
),

days_back as (
    {{ numbers(5) }}
),

own_currency as (
    select
        organization.reporting_currency as currency,
        {{ add_days('organization.as_of', '3660 - days_back.n') }} as date_day
    from organization
    cross join days_back
    where days_back.n < 20000 and organization.reporting_currency is not null and organization.as_of is not null
)

select
    currency,
    date_day,
    fx_rate,
    fx_rate_date
from other_currencies
union all
select
    currency,
    date_day,
    {{ as_type('1', 'number') }} as fx_rate,
    date_day as fx_rate_date
from own_currency
