{# The last rate on or before a day, if it is at most seven days old: weekends and holidays have none of
   their own, and an older one is a guess. A pair is read both ways; where it was not quoted at all, the rate goes
   through a third currency that both were quoted against on one day (central banks quote against their own).
   The reporting currency itself is at 1 on every day. #}
with organization as (
    select * from {{ ref('int_organization') }}
),

said as (
    select
        upper(trim(currency)) as currency,
        upper(trim(reporting_currency)) as into_currency,
        date_day,
        fx_rate
    from {{ ref('stg_feeds__fx_rates') }}
    where upper(trim(currency)) <> upper(trim(reporting_currency)) and fx_rate > 0
),

-- As quoted wins over turned round.
quotes as (
    select
        currency,
        into_currency,
        date_day,
        fx_rate,
        'direct' as fx_route
    from said
    union all
    select
        said.into_currency as currency,
        said.currency as into_currency,
        said.date_day,
        1 / said.fx_rate as fx_rate,
        'inverse' as fx_route
    from said
    left join said as quoted
        on
            said.into_currency = quoted.currency
            and said.currency = quoted.into_currency
            and said.date_day = quoted.date_day
    where quoted.currency is null
),

pairs as (
    select
        quotes.currency,
        quotes.date_day,
        quotes.fx_rate,
        quotes.fx_route,
        1 as choice
    from quotes
    inner join organization on quotes.into_currency = organization.reporting_currency
    union all
    select
        crossed.currency,
        crossed.date_day,
        crossed.fx_rate,
        crossed.fx_route,
        2 as choice
    from (
        select
            quotes.currency,
            quotes.date_day,
            quotes.fx_rate * onward.fx_rate as fx_rate,
            'through ' || quotes.into_currency as fx_route,
            row_number() over (
                partition by quotes.currency, quotes.date_day order by quotes.into_currency
            ) as route_rank
        from quotes
        inner join quotes as onward
            on quotes.into_currency = onward.currency and quotes.date_day = onward.date_day
        inner join organization on onward.into_currency = organization.reporting_currency
        where quotes.currency <> organization.reporting_currency
    ) as crossed
    where crossed.route_rank = 1
),

rates_until as (
    select
        pairs.*,
        lead(date_day) over (partition by currency, choice order by date_day) as next_rate_date
    from pairs
),

days_after as (
    {{ numbers(1) }}
),

filled as (
    select
        rates_until.currency,
        {{ add_days('rates_until.date_day', 'days_after.n') }} as date_day,
        rates_until.fx_rate,
        rates_until.date_day as fx_rate_date,
        rates_until.fx_route,
        rates_until.choice
    from rates_until
    cross join days_after
    where
        days_after.n <= 7
        and (
            rates_until.next_rate_date is null
            or {{ add_days('rates_until.date_day', 'days_after.n') }} < rates_until.next_rate_date
        )
),

other_currencies as (
    select
        filled.*,
        row_number() over (partition by currency, date_day order by choice) as choice_rank
    from filled
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
    fx_rate_date,
    fx_route
from other_currencies
where choice_rank = 1
union all
select
    currency,
    date_day,
    {{ as_type('1', 'number') }} as fx_rate,
    date_day as fx_rate_date,
    'own' as fx_route
from own_currency
