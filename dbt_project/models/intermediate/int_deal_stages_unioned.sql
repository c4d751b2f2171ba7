{# Every stay of a deal in a stage, one block a source, with the stage's chance of winning where it is known.
   A stay ends where the source says so or the next one begins. #}
with stage_chances as (
    select
        'hubspot' as source_system,
        pipeline_label as pipeline,
        stage_label as stage,
        max(probability) as probability
    from {{ ref('stg_hubspot__pipeline_stages') }}
    group by pipeline_label, stage_label
    union all
    select
        source_system,
        coalesce(pipeline, 'Default') as pipeline,
        stage,
        max(probability) as probability
    from {{ ref('stg_feeds__deals') }}
    group by source_system, coalesce(pipeline, 'Default'), stage
),

hubspot_stages as (
    select
        stage_id,
        min(stage_label) as stage_label
    from {{ ref('stg_hubspot__pipeline_stages') }}
    group by stage_id
),

unioned as (
    select
        'hubspot:' || entries.deal_id as deal_id,
        coalesce(stages.stage_label, entries.stage_id) as stage,
        entries.entered_at,
        {{ unknown('timestamp') }} as left_at
    from {{ ref('stg_hubspot__deal_stages') }} as entries
    left join hubspot_stages as stages on entries.stage_id = stages.stage_id
    union all
    select
        source_system || ':' || deal_id as deal_id,
        stage,
        entered_at,
        left_at
    from {{ ref('stg_feeds__deal_stages') }}
),

entries as (
    select
        deal_id,
        stage,
        entered_at,
        max(left_at) as left_at
    from unioned
    group by deal_id, stage, entered_at
),

stays as (
    select
        deal_id,
        stage,
        entered_at,
        coalesce(
            left_at, lead(entered_at) over (partition by deal_id order by entered_at, stage)
        ) as left_at
    from entries
)

select
    stays.deal_id,
    stays.stage,
    stays.entered_at,
    stays.left_at,
    chances.probability
from stays
inner join {{ ref('int_deals_unioned') }} as deals on stays.deal_id = deals.deal_id
left join stage_chances as chances
    on
        deals.source_system = chances.source_system
        and deals.pipeline = chances.pipeline
        and stays.stage = chances.stage
