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
with channel_days as (
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
    from {{ ref('int_channel_days_unioned') }} as days
    left join {{ ref('int_fx_rates_filled') }} as rates
        on days.currency = rates.currency and days.date_day = rates.date_day
)

{{ changed_days_of('channel_days') }}
