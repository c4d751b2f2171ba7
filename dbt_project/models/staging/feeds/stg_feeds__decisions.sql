select
    latest.decision_id,
    latest.decided_on,
    latest.kind,
    nullif(lower(trim(latest.metric)), '') as metric_id,
    latest.signal_week as signal_week_start,
    case latest.action when 'act' then true when 'no_action' then false end as is_action,
    latest.summary,
    nullif(trim(latest.experiment_id), '') as experiment_id,
    latest.reverted_on,
    latest.owner_role
from {{ latest_version(source('feeds', 'decisions')) }}
