select
    pipeline_stages.pipeline_id,
    pipeline_stages.pipeline_label,
    pipeline_stages.stage_id,
    pipeline_stages.stage_label,
    pipeline_stages.position as stage_position,
    pipeline_stages.probability,
    pipeline_stages.is_closed as is_closed_stage
from {{ source('hubspot', 'pipeline_stages') }} as pipeline_stages
