{# Credit by channel with what it is worth: every rule beside the others, intervals from a bootstrap of
   journeys, coverage, and how little paths tell of conversions. Replicate 0 is what happened; replicates 1 to
   200 draw journeys anew, and all go through the same SQL. Open journeys are in none of it: nobody knows yet
   how they end. #}
{%- set problem = ['conversion_kind', 'window_id'] -%}
{%- set replicated = problem + ['replicate'] -%}
{%- set one_model = 'partition by conversion_kind, window_id, replicate, model' -%}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

journeys as (
    select
        journey_id,
        conversion_kind,
        journey_date,
        case when outcome = 'converted' then 1 else 0 end as conversions,
        case when outcome = 'converted' then 0 else 1 end as nonconversions,
        case when outcome = 'converted' and touches > 0 then 1 else 0 end as attributed,
        revenue_reporting,
        case when touches > 0 then revenue_reporting end as attributed_revenue,
        {{ surrogate_key(['journey_id']) }} as digest,
        count(*) over () as all_journeys
    from {{ ref('fct_journeys') }}
    where outcome <> 'open'
),

-- Above 30,000 journeys the bootstrap draws 256 random groups of them: the intervals of shares stay the same,
-- and the work does not grow with the data.
drawable as (
    select
        journeys.*,
        case when all_journeys <= 30000 then journey_id else substr(digest, 1, 2) end as unit,
        case when substr(digest, 32, 1) < '8' then 0 else 1 end as fold
    from journeys
),

windows as (
    select
        drawable.*,
        settings.setting_value as window_kind,
        case
            when settings.setting_value = 'all' then min(drawable.journey_date) over ()
            when settings.setting_value like 'last %'
                then {{ add_days('organization.as_of', '1 - ' ~ try_to("replace(replace(settings.setting_value, 'last ', ''), ' days', '')", 'integer')) }}
            {%- for period in ('year', 'quarter', 'month') %}
            when settings.setting_value = '{{ period }}' then {{ period_start('drawable.journey_date', period) }}
            {%- endfor %}
        end as window_start_date,
        case
            {%- for period, months in (('year', 12), ('quarter', 3), ('month', 1)) %}
            when settings.setting_value = '{{ period }}'
                then least(
                    {{ add_days(dbt.dateadd('month', months, period_start('drawable.journey_date', period)), -1) }},
                    organization.as_of
                )
            {%- endfor %}
            else organization.as_of
        end as window_end_date
    from drawable
    cross join organization
    inner join {{ ref('stg_ingest__settings') }} as settings on settings.setting like 'attribution_windows:%'
),

reported as (
    select
        windows.*,
        window_kind || ' ' || {{ as_type('window_start_date', 'text') }} as window_id
    from windows
    where journey_date between window_start_date and window_end_date
),

touches as (
    select
        touches.journey_id,
        touches.pos,
        touches.channel_id,
        touches.days_before
    from {{ ref('fct_journey_touches') }} as touches
    inner join drawable on touches.journey_id = drawable.journey_id
),

all_steps as (
    {{ path_steps('touches') }}
),

steps as (
    select
        reported.conversion_kind,
        reported.window_id,
        reported.unit,
        reported.fold,
        reported.conversions,
        reported.nonconversions,
        reported.revenue_reporting as revenue,
        all_steps.journey_id,
        all_steps.channel_id,
        all_steps.previous_channel_id,
        all_steps.is_step,
        all_steps.is_last
    from all_steps
    inner join reported on all_steps.journey_id = reported.journey_id
),

weights as (
    {{ poisson_weights('(select distinct unit from drawable)') }}
),

-- Sums by unit, before they are drawn: a unit is drawn as a whole.
unit_totals as (
    select
        conversion_kind,
        window_id,
        unit,
        sum(conversions) as conversions,
        sum(attributed) as attributed,
        sum(revenue_reporting) as revenue,
        sum(attributed_revenue) as attributed_revenue
    from reported
    where conversions = 1
    group by conversion_kind, window_id, unit
),

unit_credits as (
    select
        reported.conversion_kind,
        reported.window_id,
        reported.unit,
        attribution.model,
        attribution.channel_id,
        sum(cast(attribution.credit as decimal(28, 12))) as conversions,
        sum(attribution.revenue_reporting) as revenue
    from {{ ref('fct_attribution') }} as attribution
    inner join reported
        on attribution.conversion_kind || ':' || attribution.conversion_id = reported.journey_id
    group by
        reported.conversion_kind, reported.window_id, reported.unit, attribution.model, attribution.channel_id
),

journey_channels as (
    select
        conversion_kind,
        window_id,
        unit,
        journey_id,
        channel_id,
        min(conversions) as conversions,
        min(revenue) as revenue
    from steps
    group by conversion_kind, window_id, unit, journey_id, channel_id
),

unit_removals as (
    {{ path_removal('journey_channels', problem + ['unit']) }}
),

unit_transitions as (
    {{ chain_transitions('steps', problem + ['unit']) }}
),

totals as (
    select
        unit_totals.conversion_kind,
        unit_totals.window_id,
        weights.replicate,
        sum(weights.weight * unit_totals.conversions) as conversions,
        sum(weights.weight * unit_totals.attributed) as attributed,
        sum(weights.weight * unit_totals.revenue) as revenue,
        sum(weights.weight * unit_totals.attributed_revenue) as attributed_revenue
    from unit_totals
    inner join weights on unit_totals.unit = weights.unit
    group by unit_totals.conversion_kind, unit_totals.window_id, weights.replicate
),

path_credits as (
    select
        unit_credits.conversion_kind,
        unit_credits.window_id,
        weights.replicate,
        unit_credits.model,
        unit_credits.channel_id,
        sum(weights.weight * unit_credits.conversions) as conversions,
        sum(weights.weight * unit_credits.revenue) as revenue
    from unit_credits
    inner join weights on unit_credits.unit = weights.unit
    group by
        unit_credits.conversion_kind, unit_credits.window_id, weights.replicate, unit_credits.model,
        unit_credits.channel_id
),

transitions as (
    select
        unit_transitions.conversion_kind,
        unit_transitions.window_id,
        weights.replicate,
        unit_transitions.from_state,
        unit_transitions.to_state,
        sum(weights.weight * unit_transitions.weight) as weight,
        sum(weights.weight * unit_transitions.revenue) as revenue
    from unit_transitions
    inner join weights on unit_transitions.unit = weights.unit
    group by
        unit_transitions.conversion_kind, unit_transitions.window_id, weights.replicate,
        unit_transitions.from_state, unit_transitions.to_state
),

{{ absorbing_chain('chain', 'transitions', replicated) }},

effects as (
    select
        {{ replicated | join(', ') }},
        'markov' as model,
        channel_id,
        removal_effect,
        removal_effect_revenue
    from chain_effects
    where removal_effect > 0
    union all
    select
        unit_removals.conversion_kind,
        unit_removals.window_id,
        weights.replicate,
        'path_removal' as model,
        unit_removals.channel_id,
        {{ as_type('sum(weights.weight * unit_removals.removal_effect)', 'number') }} as removal_effect,
        {{ as_type('sum(weights.weight * unit_removals.removal_effect_revenue)', 'number') }} as removal_effect_revenue
    from unit_removals
    inner join weights on unit_removals.unit = weights.unit
    group by unit_removals.conversion_kind, unit_removals.window_id, weights.replicate, unit_removals.channel_id
),

effect_shares as (
    select
        effects.*,
        removal_effect / {{ _sum_exactly('removal_effect', one_model) }} as share,
        removal_effect_revenue / nullif({{ _sum_exactly('removal_effect_revenue', one_model) }}, 0) as revenue_share
    from effects
),

-- Rules that look at all paths share out what the attributed conversions sum to.
credits as (
    select
        conversion_kind,
        window_id,
        replicate,
        model,
        channel_id,
        {{ as_type('conversions', 'number') }} as conversions,
        {{ as_type('revenue', 'number') }} as revenue
    from path_credits
    where channel_id <> 'unattributed'
    union all
    select
        shares.conversion_kind,
        shares.window_id,
        shares.replicate,
        shares.model,
        shares.channel_id,
        shares.share * totals.attributed as conversions,
        coalesce(shares.revenue_share, shares.share) * {{ as_type('totals.attributed_revenue', 'number') }} as revenue
    from effect_shares as shares
    inner join totals
        on
            shares.conversion_kind = totals.conversion_kind
            and shares.window_id = totals.window_id
            and shares.replicate = totals.replicate
    union all
    -- Always a row, 0 where every conversion has a path.
    select
        totals.conversion_kind,
        totals.window_id,
        totals.replicate,
        models.model,
        'unattributed' as channel_id,
        {{ as_type('totals.conversions - totals.attributed', 'number') }} as conversions,
        {{ as_type('totals.revenue - coalesce(totals.attributed_revenue, 0)', 'number') }} as revenue
    from totals
    cross join (
        {%- for model in path_models() + chain_models() %}
        select '{{ model }}' as model{% if not loop.last %} union all{% endif %}
        {%- endfor %}
    ) as models
),

-- A channel that was not drawn has a share of 0, not none.
drawn_shares as (
    select
        happened.conversion_kind,
        happened.window_id,
        happened.model,
        happened.channel_id,
        coalesce(drawn.conversions, 0) / nullif({{ as_type('totals.conversions', 'number') }}, 0) as share,
        case
            when totals.revenue is not null
                then coalesce(drawn.revenue, 0) / nullif({{ as_type('totals.revenue', 'number') }}, 0)
        end as revenue_share
    from credits as happened
    inner join totals
        on
            happened.conversion_kind = totals.conversion_kind
            and happened.window_id = totals.window_id
            and totals.replicate > 0
    left join credits as drawn
        on
            happened.conversion_kind = drawn.conversion_kind
            and happened.window_id = drawn.window_id
            and happened.model = drawn.model
            and happened.channel_id = drawn.channel_id
            and totals.replicate = drawn.replicate
    where happened.replicate = 0
),

intervals as (
    select
        conversion_kind,
        window_id,
        model,
        channel_id,
        percentile_cont(0.05) within group (order by share) as share_low,
        percentile_cont(0.95) within group (order by share) as share_high,
        percentile_cont(0.05) within group (order by revenue_share) as revenue_share_low,
        percentile_cont(0.95) within group (order by revenue_share) as revenue_share_high
    from drawn_shares
    group by conversion_kind, window_id, model, channel_id
),

counted as (
    select
        conversion_kind,
        window_id,
        channel_id,
        count(*) as journeys,
        sum(conversions) as converted_journeys
    from journey_channels
    group by conversion_kind, window_id, channel_id
    union all
    select
        conversion_kind,
        window_id,
        'unattributed' as channel_id,
        sum(conversions - attributed) as journeys,
        sum(conversions - attributed) as converted_journeys
    from reported
    group by conversion_kind, window_id
),

last_channels as (
    select
        conversion_kind,
        window_id,
        fold,
        channel_id,
        sum(conversions) as conversions,
        sum(nonconversions) as nonconversions
    from steps
    where is_last = 1
    group by conversion_kind, window_id, fold, channel_id
),

areas as (
    {{ chain_auc('last_channels', problem) }}
),

named as (
    select distinct conversion_kind, window_id, window_kind, window_start_date, window_end_date
    from reported
),

priced as (
    select
        named.conversion_kind,
        named.window_kind,
        named.window_start_date,
        named.window_end_date,
        credits.model,
        credits.channel_id,
        credits.conversions,
        {{ as_type('credits.revenue', 'money') }} as revenue_reporting,
        totals.conversions as all_conversions,
        totals.revenue as all_revenue,
        totals.attributed,
        totals.attributed_revenue,
        intervals.share_low,
        intervals.share_high,
        intervals.revenue_share_low,
        intervals.revenue_share_high,
        counted.journeys,
        counted.converted_journeys,
        areas.auc_in_sample,
        areas.auc_holdout,
        row_number() over (
            partition by credits.conversion_kind, credits.window_id, credits.model
            order by
                case when credits.channel_id = 'unattributed' then 1 else 0 end, credits.revenue desc, credits.channel_id
        ) as revenue_rank
    from credits
    inner join named on credits.conversion_kind = named.conversion_kind and credits.window_id = named.window_id
    inner join totals
        on
            credits.conversion_kind = totals.conversion_kind
            and credits.window_id = totals.window_id
            and totals.replicate = 0
    inner join intervals
        on
            credits.conversion_kind = intervals.conversion_kind
            and credits.window_id = intervals.window_id
            and credits.model = intervals.model
            and credits.channel_id = intervals.channel_id
    inner join counted
        on
            credits.conversion_kind = counted.conversion_kind
            and credits.window_id = counted.window_id
            and credits.channel_id = counted.channel_id
    left join areas on credits.conversion_kind = areas.conversion_kind and credits.window_id = areas.window_id
    where credits.replicate = 0
)

select
    {{ surrogate_key(['conversion_kind', 'window_kind', 'window_start_date', 'model', 'channel_id']) }} as channel_credit_key,
    conversion_kind,
    window_kind,
    window_start_date,
    window_end_date,
    model,
    channel_id,
    conversions,
    share_low * all_conversions as conversions_low,
    share_high * all_conversions as conversions_high,
    conversions / all_conversions as conversions_share,
    -- What rounding a share of all paths leaves over falls to the largest part; the other rules' parts are sums.
    {{ as_type(
        "revenue_reporting + case when model in ('" ~ chain_models() | join("', '")
        ~ "') and revenue_rank = 1 then all_revenue"
        ~ ' - sum(revenue_reporting) over (partition by conversion_kind, window_kind, window_start_date, model) else 0 end',
        'money'
    ) }} as revenue_reporting,
    {{ as_type('revenue_share_low * ' ~ as_type('all_revenue', 'number'), 'money') }} as revenue_low,
    {{ as_type('revenue_share_high * ' ~ as_type('all_revenue', 'number'), 'money') }} as revenue_high,
    {{ safe_divide('attributed', 'all_conversions') }} as coverage,
    case when all_revenue is not null then {{ safe_divide('coalesce(attributed_revenue, 0)', 'all_revenue') }} end as revenue_coverage,
    {{ as_type('all_conversions', 'integer') }} as all_conversions,
    {{ as_type('journeys', 'integer') }} as journeys,
    {{ as_type('converted_journeys', 'integer') }} as converted_journeys,
    auc_in_sample,
    auc_holdout
from priced
