with organization as (
    select * from {{ ref('int_organization') }}
),

content as (
    select
        content.*,
        {{ to_local_date('content.published_at', 'organization.time_zone') }} as published_date,
        {{ to_local_date('content.briefed_at', 'organization.time_zone') }} as briefed_date,
        organization.as_of
    from {{ ref('stg_feeds__content') }} as content
    cross join organization
)

select
    {{ surrogate_key(['content.content_id']) }} as content_key,
    content.content_id,
    content.content_type,
    content.producer,
    content.status,
    content.briefed_at,
    content.published_date,
    case
        when content.published_at >= content.briefed_at
            then {{ rounded(seconds_between('content.briefed_at', 'content.published_at') ~ ' / 86400', 6) }}
    end as cycle_days,
    content.hours,
    -- One part unknown makes the whole unknown.
    {{ at_rate('(content.internal_cost + content.external_cost)', 'rates.fx_rate') }} as cost_reporting,
    {{ at_rate('content.internal_cost', 'rates.fx_rate') }} as internal_cost_reporting,
    {{ at_rate('content.external_cost', 'rates.fx_rate') }} as external_cost_reporting,
    content.internal_cost,
    content.external_cost,
    content.currency,
    rates.fx_rate,
    rates.fx_rate_date,
    content.network,
    campaigns.campaign_id,
    -- Live content: an owner, a licence that has not ended (none named is without end) and the consent of
    -- whoever is shown; an article shows nobody. What is not written down is missing.
    case
        when content.published_at is null then null
        else
            content.owner_role is not null
            and content.licence is not null
            and (content.licence_expires_on is null or content.licence_expires_on > content.as_of)
            and (coalesce(content.has_talent_consent, false) or content.content_type = 'article')
    end as has_rights,
    content.owner_role
from content
left join {{ ref('int_campaigns_resolved') }} as campaigns on content.campaign_text = campaigns.campaign_text
left join {{ ref('int_fx_rates_filled') }} as rates
    on
        content.currency = rates.currency
        and coalesce(content.published_date, content.briefed_date) = rates.date_day
