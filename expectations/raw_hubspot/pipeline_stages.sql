-- One pipeline: open, won, lost.
select 'default' as pipeline_id, 'Sales' as pipeline_label, stage as stage_id, stage as stage_label,
    position, probability, position > 1 as is_closed
from (values ('proposal', 1, 0.4), ('won', 2, 1), ('lost', 3, 0)) as stages(stage, position, probability)
