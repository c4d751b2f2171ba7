{# Credit for conversions. Each macro is one select (or a list of CTEs, where it says so) over a relation,
   so that the same SQL is proved on published cases, run on the sample and measured at scale. Credit is not
   cause: these rules share out what was recorded.

   A path is a journey cut to the look-back. Every relation of touches has one row per touch:
     journey_id, pos (order within the journey), channel_id, days_before (the end of the journey, >= 0),
     conversions, nonconversions (how often the journey ended so; 1 and 0 for one journey), revenue
     (of the conversions together; null is unknown), and the columns of `by`, which are constant in a journey.
   `by` names columns that make separate problems (kind of conversion, window, replicate). Sums are of
   decimals, so that threads cannot change a result. #}

{# Touches with what the rules need to know of their neighbours: one row per touch, all columns and
     previous_channel_id, is_step (0 for a repeat of the channel before), is_last, days_before_last. #}
{% macro path_steps(touches) -%}
    select
        touches.*,
        lag(touches.channel_id) over (partition by touches.journey_id order by touches.pos) as previous_channel_id,
        case
            when lag(touches.channel_id) over (partition by touches.journey_id order by touches.pos) = touches.channel_id then 0
            else 1
        end as is_step,
        case
            when lead(touches.channel_id) over (partition by touches.journey_id order by touches.pos) is null then 1
            else 0
        end as is_last,
        min(touches.days_before) over (partition by touches.journey_id) as days_before_last
    from {{ touches }} as touches
{%- endmacro %}

{# The rules that credit each conversion by its own path. #}
{% macro path_models() -%}
    {{ return(['first', 'last', 'linear', 'position', 'time_decay', 'shapley']) }}
{%- endmacro %}

{# The rules that look at all paths together. #}
{% macro chain_models() -%}
    {{ return(['markov', 'path_removal']) }}
{%- endmacro %}

{# One row per journey and channel of `steps` (a relation of path_steps): touches and, for each of
   path_models(), `<model>_credit`, a share of the journey; the shares of a journey sum to one. `kept`
   names columns, constant in a journey, that come along.
     position: 40 % to the first, 40 % to the last step, the rest equally to those between; one step has
       all, two have half each. Repeats in a row are one step.
     time decay: a touch counts half for every `half_life_days` before the last one, which is the same as
       before the conversion. In billionths, so that sums do not depend on their order.
     shapley: with v(S) the conversions of journeys that used no channel outside S, the Shapley value is
       an equal split over the distinct channels of each journey (a sum of unanimity games; Shapley 1953). #}
{% macro journey_credits(steps, half_life_days, kept=[]) -%}
    with by_channel as (
        select
            steps.journey_id,
            steps.channel_id,
            {%- for column in kept %}
            min(steps.{{ column }}) as {{ column }},
            {%- endfor %}
            count(*) as touches,
            sum(case when steps.previous_channel_id is null then 1 else 0 end) as first_weight,
            sum(steps.is_last) as last_weight,
            sum(steps.is_step) as steps,
            sum({{ plumbline.as_type(
                'round(power(2.0, (steps.days_before_last - steps.days_before) / ' ~ half_life_days ~ ') * 1000000000)',
                'integer'
            ) }}) as time_decay_weight
        from {{ steps }} as steps
        group by steps.journey_id, steps.channel_id
    ),

    whole as (
        select
            by_channel.*,
            sum(touches) over (partition by journey_id) as path_touches,
            sum(steps) over (partition by journey_id) as path_steps,
            sum(time_decay_weight) over (partition by journey_id) as path_time_decay_weight,
            count(*) over (partition by journey_id) as path_channels
        from by_channel
    )

    select
        journey_id,
        channel_id,
        {%- for column in kept %}
        {{ column }},
        {%- endfor %}
        touches,
        {{ plumbline.as_type('first_weight', 'number') }} as first_credit,
        {{ plumbline.as_type('last_weight', 'number') }} as last_credit,
        {{ plumbline.as_type('touches', 'number') }} / path_touches as linear_credit,
        case
            when path_steps = 1 then {{ plumbline.as_type('1', 'number') }}
            when path_steps = 2 then {{ plumbline.as_type('first_weight + last_weight', 'number') }} / 2
            -- In tenths of the steps between, which are integers until the one division.
            else {{ plumbline.as_type(
                '4 * (path_steps - 2) * (first_weight + last_weight) + 2 * (steps - first_weight - last_weight)', 'number'
            ) }} / (10 * (path_steps - 2))
        end as position_credit,
        {{ plumbline.as_type('time_decay_weight', 'number') }} / path_time_decay_weight as time_decay_credit,
        {{ plumbline.as_type('1', 'number') }} / path_channels as shapley_credit
    from whole
{%- endmacro %}

{# The steps of an order-1 chain, one row per `by`, from_state and to_state: `weight` (journeys that took
   it) and revenue (of those that end with it in a conversion). States are the channels, '(start)',
   '(conversion)' and '(null)'; repeats in a row are one step. #}
{% macro chain_transitions(steps, by=[]) -%}
    select
        {%- for column in by %}
        moves.{{ column }},
        {%- endfor %}
        moves.from_state,
        moves.to_state,
        sum(moves.weight) as weight,
        sum(moves.revenue) as revenue
    from (
        select
            {%- for column in by %}
            {{ column }},
            {%- endfor %}
            coalesce(previous_channel_id, '(start)') as from_state,
            channel_id as to_state,
            sum(conversions + nonconversions) as weight,
            {{ plumbline.unknown('money') }} as revenue
        from {{ steps }}
        where is_step = 1
        group by {% for column in by %}{{ column }}, {% endfor %}coalesce(previous_channel_id, '(start)'), channel_id
        union all
        select
            {%- for column in by %}
            {{ column }},
            {%- endfor %}
            channel_id as from_state,
            '(conversion)' as to_state,
            sum(conversions) as weight,
            sum({{ plumbline.as_type('revenue', 'money') }}) as revenue
        from {{ steps }}
        where is_last = 1
        group by {% for column in by %}{{ column }}, {% endfor %}channel_id
        union all
        select
            {%- for column in by %}
            {{ column }},
            {%- endfor %}
            channel_id as from_state,
            '(null)' as to_state,
            sum(nonconversions) as weight,
            {{ plumbline.unknown('money') }} as revenue
        from {{ steps }}
        where is_last = 1
        group by {% for column in by %}{{ column }}, {% endfor %}channel_id
    ) as moves
    group by {% for column in by %}moves.{{ column }}, {% endfor %}moves.from_state, moves.to_state
    having sum(moves.weight) > 0
{%- endmacro %}

{# CTEs that solve the absorbing chain of `transitions` exactly, without a loop and without removing a
   channel and solving again. The last one, `<name>_effects`, has one row per `by` and channel:
     removal_effect: by how much of itself the probability to convert falls when the channel leads
       nowhere (0 .. 1); removal_effect_revenue the same of the expected revenue;
     conversion_probability: from the start.
   With A the steps among channels and start, N = (I - A)^-1 = I + A + A^2 + ... is doubled `doublings`
   times (12: paths of 4,095 steps), B = N b. A path through c reaches it first with N[s,c] / N[c,c], and
   converts from there with B[c]: the effect is their product over B[s]. (Kemeny and Snell 1960.)
   Problems and states are numbered, because joining numbers is twenty times as fast as joining names; sums
   are of decimals, and what is nothing to them is dropped: a problem whose paths have all ended is summed no more. #}
{% macro absorbing_chain(name, transitions, by=[], doublings=12) -%}
    {{ name }}_states as (
        select
            from_state as state,
            row_number() over (order by from_state) as state_number
        from {{ transitions }}
        group by from_state
    ),

    {{ name }}_shares as (
        select
            {%- for column in by %}
            moves.{{ column }},
            {%- endfor %}
            {% if by %}dense_rank() over (order by {% for column in by %}moves.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}){% else %}1{% endif %} as problem,
            sources.state,
            sources.state_number as s,
            targets.state_number as t,
            moves.to_state,
            {{ plumbline.as_type('moves.weight', 'number') }}
            / {{ plumbline.as_type('sum(moves.weight) over (' ~ plumbline._one_source(by) ~ ')', 'number') }} as share,
            {{ plumbline.as_type('moves.revenue', 'number') }}
            / {{ plumbline.as_type('sum(moves.weight) over (' ~ plumbline._one_source(by) ~ ')', 'number') }} as revenue
        from {{ transitions }} as moves
        inner join {{ name }}_states as sources on moves.from_state = sources.state
        left join {{ name }}_states as targets on moves.to_state = targets.state
    ),

    -- N and A side by side: both are multiplied by A, so one join serves both.
    {{ name }}_m0 as (
        select problem, s, t, max(n) as n, max(a) as a
        from (
            select problem, s, s as t, {{ plumbline.as_type('1', 'number') }} as n, {{ plumbline.as_type('0', 'number') }} as a
            from {{ name }}_shares
            union all
            select problem, s, t, {{ plumbline.as_type('0', 'number') }} as n, share as a
            from {{ name }}_shares
            where t is not null
        ) as entries
        group by problem, s, t
    ),
    {%- for turn in range(doublings) %}

    {{ name }}_going{{ turn }} as (
        select problem
        from {{ name }}_m{{ turn }}
        where a > 0
        group by problem
    ),

    {{ name }}_m{{ turn + 1 }} as (
        select ended.problem, ended.s, ended.t, ended.n, ended.a
        from {{ name }}_m{{ turn }} as ended
        left join {{ name }}_going{{ turn }} as going on ended.problem = going.problem
        where going.problem is null
        union all
        select problem, s, t, {{ plumbline._sum_exactly('n') }} as n, {{ plumbline._sum_exactly('a') }} as a
        from (
            select before.problem, before.s, before.t, before.n, {{ plumbline.as_type('0', 'number') }} as a
            from {{ name }}_m{{ turn }} as before
            inner join {{ name }}_going{{ turn }} as going on before.problem = going.problem
            union all
            select before.problem, before.s, after.t, before.n * after.a as n, before.a * after.a as a
            from {{ name }}_m{{ turn }} as before
            inner join {{ name }}_m{{ turn }} as after on before.problem = after.problem and before.t = after.s
            where after.a > 0
        ) as terms
        group by problem, s, t
    ),
    {%- endfor %}

    {{ name }}_ends as (
        select
            visits.problem,
            visits.s,
            {{ plumbline._sum_exactly('visits.n * shares.share') }} as conversion_probability,
            {{ plumbline._sum_exactly('visits.n * shares.revenue') }} as expected_revenue
        from {{ name }}_m{{ doublings }} as visits
        inner join {{ name }}_shares as shares
            on visits.problem = shares.problem and visits.t = shares.s and shares.to_state = '(conversion)'
        group by visits.problem, visits.s
    ),

    {{ name }}_effects as (
        select
            {%- for column in by %}
            problems.{{ column }},
            {%- endfor %}
            channels.state as channel_id,
            reached.n / again.n * onward.conversion_probability / started.conversion_probability as removal_effect,
            reached.n / again.n * onward.expected_revenue / nullif(started.expected_revenue, 0) as removal_effect_revenue,
            started.conversion_probability
        from (
            select {% for column in by %}{{ column }}, {% endfor %}problem, s
            from {{ name }}_shares
            where state = '(start)'
            group by {% for column in by %}{{ column }}, {% endfor %}problem, s
        ) as problems
        inner join {{ name }}_m{{ doublings }} as reached
            on problems.problem = reached.problem and problems.s = reached.s and reached.s <> reached.t and reached.n > 0
        inner join {{ name }}_states as channels on reached.t = channels.state_number
        inner join {{ name }}_m{{ doublings }} as again
            on reached.problem = again.problem and reached.t = again.s and again.s = again.t
        inner join {{ name }}_ends as onward on reached.problem = onward.problem and reached.t = onward.s
        inner join {{ name }}_ends as started
            on
                problems.problem = started.problem
                and problems.s = started.s
                and started.conversion_probability > 0
    )
{%- endmacro %}

{% macro _one_source(by) -%}
    partition by {% for column in by %}moves.{{ column }}, {% endfor %}moves.from_state
{%- endmacro %}

{# A sum of doubles below 10^20 that no order of adding changes; what is below half of 10^-18 is nothing.
   over: the window, where it is not an aggregate. #}
{% macro _sum_exactly(expression, over=none) -%}
    cast(sum(cast({{ expression }} as decimal(38, 18))) {% if over is not none %}over ({{ over }}) {% endif %}as {{ plumbline.sql_type('number') }})
{%- endmacro %}

{# Path-removal effects, one row per `by` and channel of `channels` (one row per journey and channel, with
   conversions and revenue): the share of conversions whose path holds the channel. The order-k chain comes
   to this as k grows, because a chain that remembers the whole path is the paths. #}
{% macro path_removal(channels, by=[]) -%}
    select
        {%- for column in by %}
        {{ column }},
        {%- endfor %}
        channel_id,
        sum(conversions) as removal_effect,
        sum({{ plumbline.as_type('revenue', 'money') }}) as removal_effect_revenue
    from {{ channels }}
    where conversions > 0
    group by {% for column in by %}{{ column }}, {% endfor %}channel_id
{%- endmacro %}

{# How often a unit is drawn in replicates 1 .. 200 of a Poisson bootstrap (Chamandy et al. 2012), one row
   per unit and replicate with a weight above 0; and replicate 0, in which every unit counts once. Drawn from
   a hash of unit and replicate, so the same every time; one hash is four draws. Hexadecimal digits are
   compared as text: the limits are the distribution function of Poisson(1) in units of 16^-8. `kept` names
   columns, constant in a unit, that come along. #}
{% macro poisson_weights(units, unit='unit', kept=[]) -%}
    select
        drawn.unit,
        {%- for column in kept %}
        drawn.{{ column }},
        {%- endfor %}
        drawn.replicate,
        drawn.weight
    from (
        select
            digests.unit,
            {%- for column in kept %}
            digests.{{ column }},
            {%- endfor %}
            quarters.n * 50 + digests.n + 1 as replicate,
            {%- set poisson = namespace(below=0.0, exactly=0.36787944117144233) %}
            case
                {%- for count in range(10) %}
                {%- set poisson.below = poisson.below + poisson.exactly %}
                when substr(digests.digest, quarters.n * 8 + 1, 8) < '{{ '%08x' | format((poisson.below * 4294967296) | int) }}' then {{ count }}
                {%- set poisson.exactly = poisson.exactly / (count + 1) %}
                {%- endfor %}
                else 10
            end as weight
        from (
            select
                units.{{ unit }} as unit,
                {%- for column in kept %}
                units.{{ column }},
                {%- endfor %}
                numbers.n,
                {{ plumbline.surrogate_key(['units.' ~ unit, 'numbers.n']) }} as digest
            from {{ units }} as units
            cross join ({{ plumbline.numbers(2) }}) as numbers
            where numbers.n < 50
        ) as digests
        cross join (select 0 as n union all select 1 as n union all select 2 as n union all select 3 as n) as quarters
    ) as drawn
    where drawn.weight > 0
    union all
    select
        units.{{ unit }} as unit,
        {%- for column in kept %}
        units.{{ column }},
        {%- endfor %}
        0 as replicate,
        1 as weight
    from {{ units }} as units
{%- endmacro %}

{# CTEs that draw `sums`, whole numbers or decimals of `relation` (columns unit_number, `by` and `sums`), with
   the relation `weights` (unit_number, replicate, weight): the last one, `name`, has one row per `by` and
   replicate. What is summed is numbered first: draws are many, and numbers are grouped faster than names. #}
{% macro drawn_sums(name, relation, by, sums) -%}
    {{ name }}_numbered as (
        select
            parts.*,
            dense_rank() over (order by {% for column in by %}parts.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}) as item
        from {{ relation }} as parts
    ),

    {{ name }}_items as (
        select item, {{ by | join(', ') }}
        from {{ name }}_numbered
        group by item, {{ by | join(', ') }}
    ),

    {{ name }}_drawn as (
        select
            numbered.item,
            weights.replicate,
            {%- for column in sums %}
            sum(weights.weight * numbered.{{ column }}) as {{ column }}{% if not loop.last %},{% endif %}
            {%- endfor %}
        from {{ name }}_numbered as numbered
        inner join weights on numbered.unit_number = weights.unit_number
        group by numbered.item, weights.replicate
    ),

    {{ name }} as (
        select
            {%- for column in by %}
            items.{{ column }},
            {%- endfor %}
            drawn.replicate,
            {%- for column in sums %}
            drawn.{{ column }}{% if not loop.last %},{% endif %}
            {%- endfor %}
        from {{ name }}_drawn as drawn
        inner join {{ name }}_items as items on drawn.item = items.item
    )
{%- endmacro %}

{# Removal effects (columns `by`, channel_id, removal_effect, removal_effect_revenue) scaled to one: share and
   revenue_share, which is the same where no revenue is known. `by` names the rule too. #}
{% macro effect_shares(effects, by) -%}
    select
        effects.*,
        removal_effect / {{ plumbline._sum_exactly('removal_effect', 'partition by ' ~ by | join(', ')) }} as share,
        coalesce(
            removal_effect_revenue
            / nullif({{ plumbline._sum_exactly('removal_effect_revenue', 'partition by ' ~ by | join(', ')) }}, 0),
            removal_effect / {{ plumbline._sum_exactly('removal_effect', 'partition by ' ~ by | join(', ')) }}
        ) as revenue_share
    from {{ effects }} as effects
{%- endmacro %}

{# How well the order-1 chain tells the journeys that convert from those that do not: the area under its
   ROC curve, one row per `by`: auc_in_sample, and auc_holdout, in which each half of the journeys (`fold` 0
   or 1) is judged by the other. Of a whole path such a chain knows the last channel only, so the scores are
   the last channels' shares of conversions. 0.5 is chance; null without journeys of both outcomes (in both
   halves). `last_channels`: one row per `by`, channel_id and fold with conversions and nonconversions. #}
{% macro chain_auc(last_channels, by=[]) -%}
    {%- set group_columns -%}
        {%- for column in by %}{{ column }}, {% endfor -%}
    {%- endset -%}
    with judged as (
        select
            {%- for column in by %}
            judged.{{ column }},
            {%- endfor %}
            'in_sample' as kind,
            0 as fold,
            sum(judged.conversions) as conversions,
            sum(judged.nonconversions) as nonconversions,
            {{ plumbline.safe_divide('sum(judged.conversions)', 'sum(judged.conversions + judged.nonconversions)') }} as score
        from {{ last_channels }} as judged
        group by {% for column in by %}judged.{{ column }}, {% endfor %}judged.channel_id
        union all
        select
            {%- for column in by %}
            judged.{{ column }},
            {%- endfor %}
            'holdout' as kind,
            judged.fold,
            judged.conversions,
            judged.nonconversions,
            -- A channel that the other half never saw last is nothing the chain can know: below all others.
            coalesce({{ plumbline.safe_divide('other.conversions', 'other.conversions + other.nonconversions') }}, -1) as score
        from {{ last_channels }} as judged
        left join {{ last_channels }} as other
            on
                judged.channel_id = other.channel_id
                and judged.fold <> other.fold
                {%- for column in by %}
                and judged.{{ column }} = other.{{ column }}
                {%- endfor %}
    ),

    by_score as (
        select
            {{ group_columns }}
            kind,
            fold,
            score,
            sum(conversions) as conversions,
            sum(nonconversions) as nonconversions
        from judged
        group by {{ group_columns }}kind, fold, score
    ),

    ordered as (
        select
            by_score.*,
            sum(nonconversions) over (partition by {{ group_columns }}kind, fold order by score) as up_to
        from by_score
    ),

    areas as (
        select
            {{ group_columns }}
            kind,
            fold,
            {{ plumbline.safe_divide('sum(conversions * (2 * up_to - nonconversions))', '2 * sum(conversions) * sum(nonconversions)') }} as area
        from ordered
        group by {{ group_columns }}kind, fold
    )

    select
        {{ group_columns }}
        max(case when kind = 'in_sample' then area end) as auc_in_sample,
        case
            when count(case when kind = 'holdout' then area end) = 2
                then {{ plumbline._sum_exactly("case when kind = 'holdout' then area end") }} / 2
        end as auc_holdout
    from areas
    {% if by %}group by {{ by | join(', ') }}{% endif %}
{%- endmacro %}
