{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='occurred_date',
        on_schema_change='append_new_columns',
        pre_hook="{{ drop_columns_outside_contract() }}",
        post_hook="{{ delete_rows_without_key() }}",
    )
}}
with touchpoints as (
    select
        {{ surrogate_key(['touchpoint_id']) }} as touchpoint_key,
        touchpoint_id,
        source_system as system,
        occurred_at,
        occurred_date,
        channel_id,
        channel_rule,
        kind,
        campaign_id,
        account_id,
        contact_id,
        match_key,
        event_id,
        promo_code,
        call_seconds,
        is_qualified_call,
        vanity_channel_id,
        geography
    from {{ ref('int_touchpoints_matched') }}
)

{{ changed_days_of('touchpoints', day='occurred_date') }}
