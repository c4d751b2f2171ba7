{# Credit by channel with what it is worth: every rule beside the others, intervals from a bootstrap of
   journeys, coverage, and how little paths tell of conversions. Replicate 0 is what happened; replicates 1 to
   200 draw journeys anew, and all go through the same SQL. Open journeys are in none of it: nobody knows yet
   how they end. #}
{%- set problem = ['conversion_kind', 'window_id'] -%}
{%- set replicated = problem + ['replicate'] -%}
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

named as (
    select conversion_kind, window_id, window_kind, window_start_date, window_end_date
    from reported
    group by conversion_kind, window_id, window_kind, window_start_date, window_end_date
),

-- Windows overlap. Between two of their ends all journeys are in the same ones, so that sums are made there,
-- once, and then added up.
spans as (
    select
        days.journey_date,
        max(ends.date_day) as span
    from (select journey_date from drawable group by journey_date) as days
    inner join (
        select window_start_date as date_day from named
        union
        select {{ add_days('window_end_date', '1') }} as date_day from named
    ) as ends on days.journey_date >= ends.date_day
    group by days.journey_date
),

window_spans as (
    select
        named.conversion_kind,
        named.window_id,
        spans.span
    from named
    inner join (select span from spans group by span) as spans
        on spans.span between named.window_start_date and named.window_end_date
),

units as (
    select
        unit,
        row_number() over (order by unit) as unit_number
    from drawable
    group by unit
),

paths as (
    select
        drawable.journey_id,
        drawable.conversion_kind,
        spans.span,
        units.unit_number,
        drawable.fold,
        drawable.conversions,
        drawable.nonconversions,
        drawable.attributed,
        drawable.revenue_reporting as revenue,
        drawable.attributed_revenue
    from drawable
    inner join spans on drawable.journey_date = spans.journey_date
    inner join units on drawable.unit = units.unit
),

touches as (
    select
        paths.*,
        touches.pos,
        touches.channel_id,
        touches.days_before
    from {{ ref('fct_journey_touches') }} as touches
    inner join paths on touches.journey_id = paths.journey_id
),

steps as (
    {{ path_steps('touches') }}
),

weights as (
    {{ poisson_weights('units', kept=['unit_number']) }}
),

-- Sums by unit, before they are drawn: a unit is drawn as a whole.
unit_totals as (
    select
        conversion_kind,
        span,
        unit_number,
        sum(conversions) as conversions,
        sum(attributed) as attributed,
        sum(revenue) as revenue,
        sum(attributed_revenue) as attributed_revenue
    from paths
    where conversions = 1
    group by conversion_kind, span, unit_number
),

unit_credits as (
    select
        paths.conversion_kind,
        paths.span,
        paths.unit_number,
        attribution.model,
        attribution.channel_id,
        sum(cast(attribution.credit as decimal(28, 12))) as conversions,
        sum(attribution.revenue_reporting) as revenue
    from {{ ref('fct_attribution') }} as attribution
    inner join paths
        on attribution.conversion_kind || ':' || attribution.conversion_id = paths.journey_id
    group by paths.conversion_kind, paths.span, paths.unit_number, attribution.model, attribution.channel_id
),

journey_channels as (
    select
        conversion_kind,
        span,
        unit_number,
        journey_id,
        channel_id,
        min(conversions) as conversions,
        min(revenue) as revenue
    from steps
    group by conversion_kind, span, unit_number, journey_id, channel_id
),

unit_removals as (
    {{ path_removal('journey_channels', ['conversion_kind', 'span', 'unit_number']) }}
),

unit_transitions as (
    {{ chain_transitions('steps', ['conversion_kind', 'span', 'unit_number']) }}
),

{% for name, relation, by, sums in [
    ('totals', 'unit_totals', [], ['conversions', 'attributed', 'revenue', 'attributed_revenue']),
    ('path_credits', 'unit_credits', ['model', 'channel_id'], ['conversions', 'revenue']),
    ('removals', 'unit_removals', ['channel_id'], ['removal_effect', 'removal_effect_revenue']),
    ('transitions', 'unit_transitions', ['from_state', 'to_state'], ['weight', 'revenue']),
] %}
{{ drawn_sums('span_' ~ name, relation, ['conversion_kind', 'span'] + by, sums) }},

{{ name }} as (
    select
        window_spans.conversion_kind,
        window_spans.window_id,
        sums.replicate,
        {%- for column in by %}
        sums.{{ column }},
        {%- endfor %}
        {%- for column in sums %}
        sum(sums.{{ column }}) as {{ column }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from span_{{ name }} as sums
    inner join window_spans
        on sums.conversion_kind = window_spans.conversion_kind and sums.span = window_spans.span
    group by
        window_spans.conversion_kind, window_spans.window_id, sums.replicate{% for column in by %}, sums.{{ column }}{% endfor %}
),

{% endfor -%}
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
        {{ replicated | join(', ') }},
        'path_removal' as model,
        channel_id,
        {{ as_type('removal_effect', 'number') }} as removal_effect,
        {{ as_type('removal_effect_revenue', 'number') }} as removal_effect_revenue
    from removals
),

shares as (
    {{ effect_shares('effects', replicated + ['model']) }}
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
        shares.revenue_share * {{ as_type('totals.attributed_revenue', 'number') }} as revenue
    from shares
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
        window_spans.conversion_kind,
        window_spans.window_id,
        channels.channel_id,
        count(*) as journeys,
        sum(channels.conversions) as converted_journeys
    from journey_channels as channels
    inner join window_spans
        on channels.conversion_kind = window_spans.conversion_kind and channels.span = window_spans.span
    group by window_spans.conversion_kind, window_spans.window_id, channels.channel_id
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
        window_spans.conversion_kind,
        window_spans.window_id,
        steps.fold,
        steps.channel_id,
        sum(steps.conversions) as conversions,
        sum(steps.nonconversions) as nonconversions
    from steps
    inner join window_spans
        on steps.conversion_kind = window_spans.conversion_kind and steps.span = window_spans.span
    where steps.is_last = 1
    group by window_spans.conversion_kind, window_spans.window_id, steps.fold, steps.channel_id
),

areas as (
    {{ chain_auc('last_channels', problem) }}
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
