{# The first day of any fact; one line a source. A date of more than 30 years ago is a typing error. #}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

first_days as (
    select min(date_day) as date_day from {{ ref('stg_feeds__channel_days') }}
    union all
    select min(date_day) as date_day from {{ ref('stg_feeds__account_days') }}
    union all
    select cast(min(published_at) as date) as date_day from {{ ref('stg_feeds__posts') }}
    union all
    select cast(min(published_at) as date) as date_day from {{ ref('stg_feeds__mentions') }}
    union all
    select min(published_date) as date_day from {{ ref('stg_feeds__media_clips') }}
    union all
    select min(starts_on) as date_day from {{ ref('stg_feeds__events') }}
    union all
    select cast(min(published_at) as date) as date_day from {{ ref('stg_mastodon__statuses') }}
    union all
    select cast(min(created_at) as date) as date_day from {{ ref('stg_feeds__leads') }}
    union all
    select min(created_on) as date_day from {{ ref('stg_feeds__deals') }}
    union all
    select cast(min(created_at) as date) as date_day from {{ ref('stg_hubspot__deals') }}
    union all
    select min(ordered_on) as date_day from {{ ref('stg_feeds__orders') }}
)

select
    coalesce(
        min(case when first_days.date_day > {{ add_days('organization.as_of', '-10957') }} then first_days.date_day end),
        min(organization.as_of)
    ) as first_day
from first_days
cross join organization
