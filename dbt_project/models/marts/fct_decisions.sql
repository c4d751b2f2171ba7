{# A test that was written down after it began may have been chosen for its result, and one that still ran
   told nobody anything: neither stands behind a decision. #}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

tests as (
    select
        experiment_id,
        max(ends_on) as ends_on
    from {{ ref('stg_feeds__experiments') }}
    group by experiment_id
    having min(case when registered_on <= starts_on then 1 else 0 end) = 1
),

decisions as (
    select
        decisions.*,
        organization.as_of,
        {{ add_days('decisions.decided_on', 30) }} as proven_on
    from {{ ref('stg_feeds__decisions') }} as decisions
    cross join organization
)

select
    {{ surrogate_key(['decisions.decision_id']) }} as decision_key,
    decisions.decision_id,
    decisions.decided_on as decided_date,
    decisions.kind,
    decisions.metric_id,
    decisions.signal_week_start as signal_week_start_date,
    decisions.is_action,
    decisions.summary,
    decisions.experiment_id,
    coalesce(tests.ends_on <= decisions.decided_on, false) as has_experiment,
    decisions.reverted_on as reverted_date,
    case
        when decisions.reverted_on <= decisions.proven_on then true
        when decisions.proven_on <= decisions.as_of then false
    end as is_reverted_30d,
    decisions.owner_role
from decisions
left join tests on decisions.experiment_id = tests.experiment_id
