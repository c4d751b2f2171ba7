{# One line a source; the employee by system and id, or by the id where only one system has it. #}
with unioned as (
    select
        'bamboohr' as source_system,
        employee_id_hash,
        training_type as training,
        category as topic,
        completed_on,
        hours,
        cost,
        currency,
        valid_until
    from {{ ref('stg_bamboohr__trainings') }}
    union all
    select
        source_system,
        employee_id_hash,
        training,
        topic,
        completed_on,
        hours,
        cost,
        currency,
        valid_until
    from {{ ref('stg_feeds__trainings') }}
)

select
    coalesce(own.employee_key, alone.employee_key) as employee_key,
    unioned.training,
    coalesce(unioned.topic = 'social', false) as is_social,
    unioned.completed_on,
    unioned.hours,
    {{ at_rate('unioned.cost', 'rates.fx_rate') }} as cost_reporting,
    unioned.cost,
    unioned.valid_until
from unioned
left join {{ ref('int_employee_ids_matched') }} as own
    on unioned.source_system || ':' || unioned.employee_id_hash = own.reference
left join {{ ref('int_employee_ids_matched') }} as alone on unioned.employee_id_hash = alone.reference
left join {{ ref('int_fx_rates_filled') }} as rates
    on unioned.currency = rates.currency and unioned.completed_on = rates.date_day
