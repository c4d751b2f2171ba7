{# What an event cost and how many came, in equal parts over its days, summing to the event exactly. #}
with events as (
    select
        events.*,
        case
            when events.ends_on > events.starts_on then {{ days_between('events.starts_on', 'events.ends_on') }} + 1
            else 1
        end as days
    from {{ ref('stg_feeds__events') }} as events
),

day_numbers as (
    {{ numbers(3) }}
)

select
    events.event_id,
    {{ add_days('events.starts_on', 'day_numbers.n') }} as date_day,
    events.campaign_text,
    events.geography,
    events.currency,
    {{ share_of_day('events.spend', 'day_numbers.n', 'events.days', 'money') }} as spend,
    {{ share_of_day('events.attended', 'day_numbers.n', 'events.days', 'integer') }} as responses,
    events.days > 1 as is_spread
from events
inner join day_numbers on day_numbers.n < events.days
