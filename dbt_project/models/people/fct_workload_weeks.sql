select
    {{ surrogate_key(['week_start_date', 'team']) }} as workload_week_key,
    week_start_date,
    team,
    {{ as_type('case when is_shown then people end', 'integer') }} as people,
    {{ as_type('case when is_shown then inbound end', 'integer') }} as inbound,
    {{ as_type('case when is_shown then needing_reply end', 'integer') }} as needing_reply,
    {{ as_type('case when is_shown then agent_hours end', 'number') }} as agent_hours,
    {{ as_type('case when is_shown then answered end', 'integer') }} as answered,
    {{ as_type('case when is_shown then answered_with_known_hours end', 'integer') }} as answered_with_known_hours,
    {{ as_type('case when is_shown and answered_with_known_hours > 0 then answered_after_hours end', 'integer') }}
        as answered_after_hours,
    not is_shown as is_suppressed
from {{ ref('int_workload_weeks_counted') }}
