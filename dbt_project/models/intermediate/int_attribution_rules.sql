select
    {{ as_type("max(case when setting = 'attribution_look_back_days' then setting_value end)", 'integer') }}
        as look_back_days,
    {{ as_type("max(case when setting = 'attribution_look_back_steps' then setting_value end)", 'integer') }}
        as look_back_steps,
    {{ as_type("max(case when setting = 'attribution_half_life_days' then setting_value end)", 'number') }}
        as half_life_days,
    max(case when setting = 'attribution_repeats' then setting_value end) as repeats
from {{ ref('stg_ingest__settings') }}
