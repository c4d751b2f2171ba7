{# Credit by day, which adds up to any period: what metrics and evidence by quarter are made of. Rules that look
   at all paths have no credit of a single conversion: a day's attributed conversions are shared out as the paths
   of its calendar year say, so that a year is what fct_channel_credit says of it. #}
{%- set problem = ['conversion_kind', 'year_start_date'] -%}
with journeys as (
    select
        journey_id,
        conversion_kind,
        journey_date,
        {{ period_start('journey_date', 'year') }} as year_start_date,
        case when outcome = 'converted' then 1 else 0 end as conversions,
        case when outcome = 'converted' then 0 else 1 end as nonconversions,
        revenue_reporting as revenue,
        touches
    from {{ ref('fct_journeys') }}
    where outcome <> 'open'
),

touches as (
    select
        journeys.*,
        touches.pos,
        touches.channel_id,
        touches.days_before
    from {{ ref('fct_journey_touches') }} as touches
    inner join journeys on touches.journey_id = journeys.journey_id
),

steps as (
    {{ path_steps('touches') }}
),

transitions as (
    {{ chain_transitions('steps', problem) }}
),

{{ absorbing_chain('chain', 'transitions', problem) }},

journey_channels as (
    select
        conversion_kind,
        year_start_date,
        journey_id,
        channel_id,
        min(conversions) as conversions,
        min(revenue) as revenue
    from steps
    group by conversion_kind, year_start_date, journey_id, channel_id
),

effects as (
    select
        {{ problem | join(', ') }},
        'markov' as model,
        channel_id,
        removal_effect,
        removal_effect_revenue
    from chain_effects
    where removal_effect > 0
    union all
    select
        {{ problem | join(', ') }},
        'path_removal' as model,
        channel_id,
        {{ as_type('removal_effect', 'number') }} as removal_effect,
        {{ as_type('removal_effect_revenue', 'number') }} as removal_effect_revenue
    from ({{ path_removal('journey_channels', problem) }}) as removals
),

shares as (
    {{ effect_shares('effects', problem + ['model']) }}
),

attributed as (
    select
        conversion_kind,
        journey_date,
        year_start_date,
        count(*) as conversions,
        sum(revenue) as revenue
    from journeys
    where conversions = 1 and touches > 0
    group by conversion_kind, journey_date, year_start_date
),

shared_out as (
    select
        attributed.conversion_kind,
        attributed.journey_date as converted_date,
        shares.model,
        shares.channel_id,
        shares.share * attributed.conversions as credit,
        {{ at_rate('attributed.revenue', 'shares.revenue_share') }} as revenue_reporting,
        attributed.revenue as whole_revenue,
        row_number() over (
            partition by attributed.conversion_kind, attributed.journey_date, shares.model
            order by shares.revenue_share desc, shares.channel_id
        ) as share_rank
    from attributed
    inner join shares
        on
            attributed.conversion_kind = shares.conversion_kind
            and attributed.year_start_date = shares.year_start_date
),

credits as (
    select
        conversion_kind,
        converted_date,
        model,
        channel_id,
        {{ as_type('sum(cast(credit as decimal(28, 12)))', 'number') }} as credit,
        sum(revenue_reporting) as revenue_reporting
    from {{ ref('fct_attribution') }}
    group by conversion_kind, converted_date, model, channel_id
    union all
    -- What rounding leaves over falls to the channel with the most.
    select
        conversion_kind,
        converted_date,
        model,
        channel_id,
        credit,
        revenue_reporting + case
            when share_rank = 1
                then whole_revenue
                    - sum(revenue_reporting) over (partition by conversion_kind, converted_date, model)
            else 0
        end as revenue_reporting
    from shared_out
    union all
    select
        untouched.conversion_kind,
        untouched.journey_date as converted_date,
        models.model,
        'unattributed' as channel_id,
        {{ as_type('count(*)', 'number') }} as credit,
        sum(untouched.revenue) as revenue_reporting
    from journeys as untouched
    cross join (
        {%- for model in chain_models() %}
        select '{{ model }}' as model{% if not loop.last %} union all{% endif %}
        {%- endfor %}
    ) as models
    where untouched.conversions = 1 and untouched.touches = 0
    group by untouched.conversion_kind, untouched.journey_date, models.model
)

select
    {{ surrogate_key(['conversion_kind', 'converted_date', 'model', 'channel_id']) }} as credit_day_key,
    conversion_kind,
    converted_date,
    model,
    channel_id,
    credit,
    {{ as_type('revenue_reporting', 'money') }} as revenue_reporting
from credits
