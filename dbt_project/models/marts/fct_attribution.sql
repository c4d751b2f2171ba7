{# Credit for each conversion by its own path, each rule handing out exactly one. A conversion without a touch
   that we know is credited to 'unattributed', by every rule. The rules stand in macros/credit.sql. #}
with journeys as (
    select * from {{ ref('fct_journeys') }}
    where outcome = 'converted'
),

touches as (
    select
        touches.journey_id,
        touches.pos,
        touches.channel_id,
        touches.days_before,
        rules.half_life_days
    from {{ ref('fct_journey_touches') }} as touches
    cross join {{ ref('int_attribution_rules') }} as rules
    where touches.conversions = 1
),

steps as (
    {{ path_steps('touches') }}
),

shared as (
    {{ journey_credits('steps', 'steps.half_life_days') }}
),

credits as (
    {%- for model in path_models() %}
    select
        journey_id,
        '{{ model }}' as model,
        channel_id,
        {{ model }}_credit as credit,
        touches
    from shared
    where {{ model }}_credit > 0
    union all
    {%- endfor %}
    select
        journeys.journey_id,
        models.model,
        'unattributed' as channel_id,
        {{ as_type('1', 'number') }} as credit,
        0 as touches
    from journeys
    cross join (
        {%- for model in path_models() %}
        select '{{ model }}' as model{% if not loop.last %} union all{% endif %}
        {%- endfor %}
    ) as models
    where journeys.touches = 0
),

priced as (
    select
        credits.journey_id,
        journeys.conversion_kind,
        journeys.conversion_id,
        credits.model,
        credits.channel_id,
        journeys.journey_date as converted_date,
        credits.credit,
        credits.touches,
        journeys.revenue_reporting as whole_revenue,
        {{ at_rate('journeys.revenue_reporting', 'credits.credit') }} as revenue_reporting,
        row_number() over (
            partition by credits.journey_id, credits.model order by credits.credit desc, credits.channel_id
        ) as credit_rank
    from credits
    inner join journeys on credits.journey_id = journeys.journey_id
)

select
    {{ surrogate_key(['conversion_kind', 'conversion_id', 'model', 'channel_id']) }} as attribution_key,
    conversion_kind,
    conversion_id,
    model,
    channel_id,
    converted_date,
    credit,
    -- What rounding leaves over falls to the channel with the most credit: the parts sum to the deal.
    {{ as_type(
        'revenue_reporting + case when credit_rank = 1 then whole_revenue'
        ~ ' - sum(revenue_reporting) over (partition by journey_id, model) else 0 end',
        'money'
    ) }} as revenue_reporting,
    {{ as_type('touches', 'integer') }} as touches
from priced
