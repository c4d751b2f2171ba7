{# One block a source. What a stage means is the source's own word; a close date in the future, which HubSpot
   keeps while a deal is open, is a plan and not a date of closing. #}
with organization as (
    select time_zone from {{ ref('int_organization') }}
),

hubspot as (
    select
        'hubspot:' || deals.deal_id as deal_id,
        'hubspot' as source_system,
        deals.deal_id as source_deal_id,
        'hubspot:' || deals.company_id as company_reference,
        'hubspot:' || deals.contact_id as contact_reference,
        owners.sales_team,
        owners.email_hash as owner_hash,
        coalesce(stages.pipeline_label, deals.pipeline_id) as pipeline,
        coalesce(stages.stage_label, deals.stage_id) as stage,
        case
            when deals.is_closed_won then 'won'
            when deals.is_closed and not deals.is_closed_won then 'lost'
            when not deals.is_closed then 'open'
            when stages.is_closed_stage and stages.probability = 1 then 'won'
            when stages.is_closed_stage then 'lost'
            else 'open'
        end as outcome,
        deals.amount,
        deals.currency,
        {{ to_local_date('deals.created_at', 'organization.time_zone') }} as created_date,
        {{ to_local_date('deals.closed_at', 'organization.time_zone') }} as planned_or_closed_date,
        {{ unknown('text') }} as product,
        deals.campaign_text,
        deals.analytics_source as first_source,
        deals.loss_reason
    from {{ ref('stg_hubspot__deals') }} as deals
    cross join organization
    left join {{ ref('stg_hubspot__owners') }} as owners on deals.owner_id = owners.owner_id
    left join {{ ref('stg_hubspot__pipeline_stages') }} as stages
        on deals.pipeline_id = stages.pipeline_id and deals.stage_id = stages.stage_id
    where deals.is_archived is distinct from true
),

feeds as (
    select
        source_system || ':' || deal_id as deal_id,
        source_system,
        deal_id as source_deal_id,
        source_system || ':' || company_id as company_reference,
        source_system || ':' || contact_id as contact_reference,
        sales_team,
        owner_hash,
        coalesce(pipeline, 'Default') as pipeline,
        stage,
        outcome,
        amount,
        currency,
        created_on as created_date,
        closed_on as planned_or_closed_date,
        product,
        campaign_text,
        reported_source as first_source,
        loss_reason
    from {{ ref('stg_feeds__deals') }}
),

unioned as (
    select * from hubspot
    union all
    select * from feeds
)

select
    unioned.deal_id,
    unioned.source_system,
    unioned.source_deal_id,
    unioned.company_reference,
    unioned.contact_reference,
    unioned.sales_team,
    unioned.owner_hash,
    unioned.pipeline,
    unioned.stage,
    unioned.outcome,
    unioned.amount,
    unioned.currency,
    unioned.created_date,
    case when unioned.outcome in ('won', 'lost') then unioned.planned_or_closed_date end as closed_date,
    unioned.product,
    unioned.campaign_text,
    unioned.first_source,
    unioned.loss_reason
from unioned
