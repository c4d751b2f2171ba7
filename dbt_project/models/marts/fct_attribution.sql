{# Credit for won deals by five rules, each handing out exactly one per conversion. Credit is not cause. A
   conversion without a touch that we know is credited to 'unattributed', in every model. #}
with conversions as (
    select
        deal_id as conversion_id,
        contact_id,
        company_id,
        closed_date as converted_date
    from {{ ref('fct_deals') }}
    where is_won and closed_date is not null
),

-- Several people decide on a purchase: the deal's contact, and whom the CRM knows at its company.
buyers as (
    select conversion_id, contact_id, converted_date
    from conversions
    where contact_id is not null
    union
    select conversions.conversion_id, contacts.contact_id, conversions.converted_date
    from conversions
    inner join {{ ref('dim_contacts') }} as contacts on conversions.company_id = contacts.company_id
),

touches as (
    select
        buyers.conversion_id,
        touchpoints.channel_id,
        {{ days_between('touchpoints.occurred_date', 'buyers.converted_date') }} as days_before,
        row_number() over (
            partition by buyers.conversion_id order by touchpoints.occurred_at, touchpoints.touchpoint_id
        ) as touch_number,
        count(*) over (partition by buyers.conversion_id) as touches
    from buyers
    inner join {{ ref('fct_touchpoints') }} as touchpoints
        on
            buyers.contact_id = touchpoints.contact_id
            and touchpoints.occurred_date <= buyers.converted_date
            and touchpoints.occurred_date >= {{ add_days('buyers.converted_date', -90) }}
),

-- The same channel several times in a row is one step of the path (for the position rule only).
marked as (
    select
        touches.*,
        case
            when lag(channel_id) over (partition by conversion_id order by touch_number) = channel_id then 0
            else 1
        end as is_step
    from touches
),

stepped as (
    select
        marked.*,
        sum(is_step) over (partition by conversion_id order by touch_number) as step_number,
        sum(is_step) over (partition by conversion_id) as steps
    from marked
),

-- Weights of one touch under each rule; each rule's weights are divided by their sum below. Decay: half for
-- every seven days before the conversion, in hundred-millionths, so that sums do not depend on their order.
weighted as (
    select
        conversion_id,
        channel_id,
        case when touch_number = 1 then 1 else 0 end as first_weight,
        case when touch_number = touches then 1 else 0 end as last_weight,
        1 as linear_weight,
        case
            when is_step = 0 then 0
            when steps <= 2 then 1
            when step_number = 1 or step_number = steps then 4 * (steps - 2)
            else 2
        end as position_weight,
        {{ as_type('round(power(2.0, -days_before / 7.0) * 100000000)', 'integer') }} as time_decay_weight
    from stepped
),

{% set models = ['first', 'last', 'linear', 'position', 'time_decay'] -%}
by_channel as (
    select
        conversion_id,
        channel_id,
        count(*) as touches,
        {%- for model in models %}
        sum({{ model }}_weight) as {{ model }}_weight{% if not loop.last %},{% endif %}
        {%- endfor %}
    from weighted
    group by conversion_id, channel_id
),

credits as (
    {%- for model in models %}
    select
        conversion_id,
        '{{ model }}' as model,
        channel_id,
        {{ as_type(model ~ '_weight', 'number') }}
        / sum({{ model }}_weight) over (partition by conversion_id) as credit,
        touches
    from by_channel
    union all
    {%- endfor %}
    select
        deals.deal_id as conversion_id,
        models.model,
        'unattributed' as channel_id,
        {{ as_type('1', 'number') }} as credit,
        0 as touches
    from {{ ref('fct_deals') }} as deals
    cross join (
        {%- for model in models %}
        select '{{ model }}' as model{% if not loop.last %} union all{% endif %}
        {%- endfor %}
    ) as models
    where
        deals.is_won
        and deals.closed_date is not null
        and not exists (select 1 from touches where touches.conversion_id = deals.deal_id)
),

priced as (
    select
        credits.conversion_id,
        credits.model,
        credits.channel_id,
        deals.closed_date as converted_date,
        credits.credit,
        credits.touches,
        deals.amount_reporting,
        {{ at_rate('deals.amount_reporting', 'credits.credit') }} as revenue_reporting,
        row_number() over (
            partition by credits.conversion_id, credits.model order by credits.credit desc, credits.channel_id
        ) as credit_rank
    from credits
    inner join {{ ref('fct_deals') }} as deals on credits.conversion_id = deals.deal_id
    where credits.credit > 0
)

select
    {{ surrogate_key(['conversion_id', 'model', 'channel_id']) }} as attribution_key,
    conversion_id,
    model,
    channel_id,
    converted_date,
    credit,
    -- What rounding leaves over falls to the channel with the most credit: the parts sum to the deal.
    {{ as_type(
        'revenue_reporting + case when credit_rank = 1 then amount_reporting'
        ~ ' - sum(revenue_reporting) over (partition by conversion_id, model) else 0 end',
        'money'
    ) }} as revenue_reporting,
    {{ as_type('touches', 'integer') }} as touches
from priced
