{# The feed's rows day by day: a week's row falls on its seven days in equal parts that sum to the week
   exactly. Where a panel gives rating points and the universe, impressions follow from them. #}
with rows_with_impressions as (
    select
        channel_days.*,
        case when channel_days.period = 'week' then 7 else 1 end as days,
        coalesce(
            channel_days.impressions,
            {{ as_type('round(channel_days.grps / 100 * channel_days.universe_people)', 'integer') }}
        ) as impressions_known,
        case
            when channel_days.impressions is not null then channel_days.impression_definition
            when channel_days.grps is not null and channel_days.universe_people is not null
                then 'derived: rating points of the universe'
        end as impressions_as
    from {{ ref('stg_feeds__channel_days') }} as channel_days
),

day_numbers as (
    {{ numbers(1) }}
)

select
    {{ add_days('weeks.date_day', 'day_numbers.n') }} as date_day,
    weeks.channel_text,
    weeks.account,
    weeks.campaign_text,
    weeks.geography,
    weeks.currency,
    {{ share_of_day('weeks.spend', 'day_numbers.n', 'weeks.days', 'money') }} as spend,
    weeks.cost_type,
    {{ share_of_day('weeks.impressions_known', 'day_numbers.n', 'weeks.days', 'integer') }} as impressions,
    weeks.impressions_as as impression_definition,
    {{ share_of_day('weeks.grps', 'day_numbers.n', 'weeks.days', 'number') }} as grps,
    {%- for measure in ['insertions', 'deliveries', 'opens', 'clicks', 'sessions', 'responses'] %}
    {{ share_of_day('weeks.' ~ measure, 'day_numbers.n', 'weeks.days', 'integer') }} as {{ measure }},
    {%- endfor %}
    {{ share_of_day('weeks.conversions', 'day_numbers.n', 'weeks.days', 'number') }} as platform_conversions,
    weeks.days > 1 as is_spread
from rows_with_impressions as weeks
inner join day_numbers on day_numbers.n < weeks.days
