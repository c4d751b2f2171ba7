{# All channels in one grain; one block a source. Promoted posts are not organic: in the time of which an ads
   system tells, what they brought is in its rows, and counting it here as well would count twice; outside of
   it they are paid_social. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_day',
        on_schema_change='append_new_columns',
        pre_hook="{{ drop_columns_outside_contract() }}",
        post_hook="{{ delete_rows_without_key() }}",
    )
}}
{%- set grain = [
    'days.source_table', 'days.date_day', 'days.channel_id', 'days.account_id', 'days.campaign_id', 'days.geography',
    'days.currency', 'days.cost_type', 'days.impression_definition', 'days.is_spread',
] %}
{%- set measures = ['impressions', 'insertions', 'deliveries', 'opens', 'clicks', 'sessions', 'responses', 'engagements'] %}
with ads as (
    select
        min(date_day) as first_day,
        max(date_day) as last_day
    from {{ ref('int_channel_days_spread') }}
    where channel_text = 'paid_social'
),

unioned as (
    select
        'channel_days' as source_table,
        date_day,
        channel_text,
        case
            when channel_text in ('organic_social', 'employee_advocacy', 'earned_social')
                then md5(channel_text || '|' || lower(trim(account)))
            else account
        end as account_id,
        campaign_text,
        geography, currency, spend, cost_type, impressions, impression_definition, grps, insertions,
        deliveries, opens, clicks, sessions, responses,
        {{ unknown('integer') }} as engagements,
        platform_conversions,
        is_spread
    from {{ ref('int_channel_days_spread') }}

    union all

    select
        'posts' as source_table,
        date_day,
        case
            when is_paid then 'paid_social'
            when ownership = 'employee' then 'employee_advocacy'
            else 'organic_social'
        end as channel_text,
        account_id,
        campaign_id as campaign_text,
        {{ unknown('text') }} as geography,
        {{ unknown('text') }} as currency,
        {{ unknown('money') }} as spend,
        {{ unknown('text') }} as cost_type,
        impressions,
        case when impressions is not null then network || ': posts' end as impression_definition,
        {{ unknown('number') }} as grps,
        {{ unknown('integer') }} as insertions,
        {{ unknown('integer') }} as deliveries,
        {{ unknown('integer') }} as opens,
        clicks,
        {{ unknown('integer') }} as sessions,
        {{ unknown('integer') }} as responses,
        engagements,
        {{ unknown('number') }} as platform_conversions,
        false as is_spread
    from {{ ref('fct_post_days') }}
    cross join ads
    where
        is_paid is null
        or not is_paid
        or ads.first_day is null
        or date_day not between ads.first_day and ads.last_day

    union all

    select
        'events' as source_table,
        date_day,
        'events' as channel_text,
        {{ unknown('text') }} as account_id,
        campaign_text,
        geography,
        currency,
        spend,
        {{ unknown('text') }} as cost_type,
        {{ unknown('integer') }} as impressions,
        {{ unknown('text') }} as impression_definition,
        {{ unknown('number') }} as grps,
        {{ unknown('integer') }} as insertions,
        {{ unknown('integer') }} as deliveries,
        {{ unknown('integer') }} as opens,
        {{ unknown('integer') }} as clicks,
        {{ unknown('integer') }} as sessions,
        responses,
        {{ unknown('integer') }} as engagements,
        {{ unknown('number') }} as platform_conversions,
        is_spread
    from {{ ref('int_event_days_spread') }}

    union all

    select
        'media_clips' as source_table,
        published_date as date_day,
        'pr' as channel_text,
        {{ unknown('text') }} as account_id,
        campaign_text,
        geography,
        {{ unknown('text') }} as currency,
        {{ unknown('money') }} as spend,
        {{ unknown('text') }} as cost_type,
        {{ unknown('integer') }} as impressions,
        {{ unknown('text') }} as impression_definition,
        {{ unknown('number') }} as grps,
        {{ as_type('1', 'integer') }} as insertions,
        {{ unknown('integer') }} as deliveries,
        {{ unknown('integer') }} as opens,
        {{ unknown('integer') }} as clicks,
        {{ unknown('integer') }} as sessions,
        {{ unknown('integer') }} as responses,
        {{ unknown('integer') }} as engagements,
        {{ unknown('number') }} as platform_conversions,
        false as is_spread
    from {{ ref('stg_feeds__media_clips') }}
),

days as (
    select
        unioned.source_table,
        unioned.date_day,
        coalesce(channels.channel_id, 'unknown') as channel_id,
        unioned.account_id,
        campaigns.campaign_id,
        unioned.geography,
        unioned.currency,
        unioned.cost_type,
        unioned.impression_definition,
        unioned.is_spread,
        cast(sum(unioned.spend) as {{ sql_type('money') }}) as spend,
        {{ sum_number('unioned.grps') }} as grps,
        {{ sum_number('unioned.platform_conversions') }} as platform_conversions,
        {%- for measure in measures %}
        {{ as_type('sum(unioned.' ~ measure ~ ')', 'integer') }} as {{ measure }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from unioned
    left join {{ ref('channels') }} as channels on unioned.channel_text = channels.channel_id
    left join {{ ref('int_campaigns_resolved') }} as campaigns on trim(unioned.campaign_text) = campaigns.campaign_text
    group by
        unioned.source_table,
        unioned.date_day,
        coalesce(channels.channel_id, 'unknown'),
        unioned.account_id,
        campaigns.campaign_id,
        unioned.geography,
        unioned.currency,
        unioned.cost_type,
        unioned.impression_definition,
        unioned.is_spread
),

channel_days as (
    select
        {{ surrogate_key(grain) }} as channel_day_key,
        days.date_day,
        days.channel_id,
        days.account_id,
        days.campaign_id,
        days.geography,
        days.currency,
        days.spend,
        {{ at_rate('days.spend', 'rates.fx_rate') }} as spend_reporting,
        rates.fx_rate,
        rates.fx_rate_date,
        days.cost_type,
        days.impressions,
        days.impression_definition,
        days.grps,
        days.insertions,
        days.deliveries,
        days.opens,
        days.clicks,
        days.sessions,
        days.responses,
        days.engagements,
        days.platform_conversions,
        days.is_spread,
        days.source_table
    from days
    left join {{ ref('int_fx_rates_filled') }} as rates
        on days.currency = rates.currency and days.date_day = rates.date_day
)

{{ changed_days_of('channel_days') }}
