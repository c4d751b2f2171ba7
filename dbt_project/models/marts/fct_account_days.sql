{# A day between two readings without one of its own carries the last known followers forward and says so:
   a missing snapshot must not look like a loss and a gain. #}
{%- set of_account = 'days.account_id' %}
with days as (
    select
        days.*,
        {{ last_known('days.followers', of_account, 'days.date_day') }} as followers_before,
        lead(days.date_day) over (partition by days.account_id order by days.date_day) as next_day
    from {{ ref('int_account_days_unioned') }} as days
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
