{# A day between two readings without one of its own carries the last known followers forward and says so:
   a missing snapshot must not look like a loss and a gain. Only what the register closes has ended, with 0
   followers from the next day on; an account that is merely read late stays unknown. Of an employee's account the
   day of closing stays out (dim_accounts): it ends after its last reading, once others of the network were read. #}
{%- set of_account = 'days.account_id' %}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

last_readings as (
    select
        account_id,
        network,
        max(date_day) as last_day,
        max(max(date_day)) over (partition by network) as last_day_of_network
    from {{ ref('int_account_days_unioned') }}
    group by account_id, network
),

endings as (
    select
        last_readings.account_id,
        last_readings.network,
        {{ add_days(
            "case when accounts.ownership <> 'employee' and accounts.closed_on > last_readings.last_day "
            "then accounts.closed_on else last_readings.last_day end", 1
        ) }} as date_day
    from last_readings
    inner join {{ ref('int_accounts_registered') }} as accounts on last_readings.account_id = accounts.account_id
    cross join organization
    where
        accounts.closed_on < organization.as_of
        and (
            last_readings.last_day_of_network > last_readings.last_day
            or (accounts.ownership <> 'employee' and accounts.closed_on >= last_readings.last_day)
        )
),

readings as (
    select account_id, network, date_day, followers, profile_views, impressions
    from {{ ref('int_account_days_unioned') }}
    union all
    select account_id, network, date_day, 0 as followers, {{ unknown('integer') }} as profile_views, {{ unknown('integer') }} as impressions
    from endings
),

days as (
    select
        days.*,
        {{ last_known('days.followers', of_account, 'days.date_day') }} as followers_before,
        lead(days.date_day) over (partition by days.account_id order by days.date_day) as next_day
    from readings as days
),

day_numbers as (
    {{ numbers(4) }}
),

filled as (
    select
        days.account_id,
        days.network,
        {{ add_days('days.date_day', 'day_numbers.n') }} as date_day,
        coalesce(days.followers, days.followers_before) as followers,
        coalesce(days.followers, days.followers_before) is not null
            and (day_numbers.n > 0 or days.followers is null) as is_carried_forward,
        case when day_numbers.n = 0 then days.profile_views end as profile_views,
        case when day_numbers.n = 0 then days.impressions end as impressions
    from days
    inner join day_numbers
        on day_numbers.n < coalesce({{ days_between('days.date_day', 'days.next_day') }}, 1)
)

select
    {{ surrogate_key(['filled.account_id', 'filled.date_day']) }} as account_day_key,
    filled.date_day,
    filled.account_id,
    filled.network,
    accounts.ownership,
    filled.followers,
    filled.followers - lag(filled.followers) over (
        partition by filled.account_id order by filled.date_day
    ) as followers_net_change,
    filled.is_carried_forward,
    filled.profile_views,
    filled.impressions
from filled
left join {{ ref('int_accounts_registered') }} as accounts on filled.account_id = accounts.account_id
