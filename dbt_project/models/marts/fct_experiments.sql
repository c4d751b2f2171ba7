{# The register of tests as it was kept; what we make of it ourselves is metrics.experiment_estimates. #}
select
    {{ surrogate_key(['experiments.experiment_id', 'experiments.outcome']) }} as experiment_key,
    experiments.experiment_id,
    coalesce(channels.channel_id, 'unknown') as channel_id,
    -- Only what was divided by lot is an experiment; a division that is not stated is taken at its design's word.
    case
        when
            experiments.design in ('geo_holdout', 'audience_holdout', 'switchback')
            and coalesce(experiments.assignment, 'random') = 'random'
            then 'experiment'
        else 'quasi_experiment'
    end as kind,
    experiments.design,
    experiments.assignment,
    experiments.outcome,
    case
        when experiments.registered_on is null then 'not registered beforehand'
        when experiments.registered_on > experiments.starts_on then 'registered only after it began'
        else 'registered beforehand'
    end as registration,
    experiments.registered_on,
    experiments.starts_on,
    experiments.ends_on,
    experiments.treated,
    experiments.controls,
    experiments.treated_people,
    experiments.treated_outcomes,
    experiments.control_people,
    experiments.control_outcomes,
    experiments.incremental,
    experiments.incremental_low,
    experiments.incremental_high,
    experiments.lift,
    experiments.lift_low,
    experiments.lift_high,
    experiments.confidence,
    experiments.p_value,
    experiments.spend,
    experiments.currency,
    {{ at_rate('experiments.spend', 'rates.fx_rate') }} as spend_reporting,
    rates.fx_rate,
    rates.fx_rate_date,
    experiments.decision,
    experiments.owner_role
from {{ ref('stg_feeds__experiments') }} as experiments
left join {{ ref('channels') }} as channels on experiments.reported_channel = channels.channel_id
left join {{ ref('int_fx_rates_filled') }} as rates
    on experiments.currency = rates.currency and experiments.ends_on = rates.date_day
