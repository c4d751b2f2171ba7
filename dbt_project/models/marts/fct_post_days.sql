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
with post_days as (
    select
        {{ surrogate_key(['network', 'account_id', 'post_id', 'date_day']) }} as post_day_key,
        date_day,
        network,
        -- The id of an employee's post leads to its author.
        case when ownership = 'employee' then {{ surrogate_key(['network', 'account_id', 'post_id']) }} else post_id end as post_id,
        account_id,
        ownership,
        campaign_id,
        is_paid,
        impressions,
        reactions,
        comments,
        shares,
        saves,
        clicks,
        link_clicks,
        video_views,
        {{ as_type('engagements', 'integer') }} as engagements,
        case when engagements is not null then impressions end as impressions_with_engagements,
        {{ as_type('case when impressions is not null then engagements end', 'integer') }} as engagements_with_impressions,
        impressions_correction,
        {{ as_type('engagements_correction', 'integer') }} as engagements_correction
    from {{ ref('int_post_days_differenced') }}
)

{{ changed_days_of('post_days') }}
