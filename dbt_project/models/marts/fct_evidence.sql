{# What speaks for a channel, kind beside kind and never averaged: they answer different questions. #}
with organization as (
    select * from {{ ref('int_organization') }}
),

experiments as (
    select
        experiments.*,
        case when experiments.kind = 'experiment' then 'Holds for this test alone: '
            else 'Nobody drew lots, so what else happened there is in it: ' end
        || coalesce(replace(experiments.design, '_', ' '), 'design not stated')
        || ', ' || experiments.registration || ', as its tool reported it'
        || case
            when experiments.confidence is null then ', level of the interval not stated.'
            else ', interval at ' || {{ as_type(as_type('round(experiments.confidence * 100)', 'integer'), 'text') }} || ' %.'
        end as caveat
    from {{ ref('fct_experiments') }} as experiments
),

experiment_evidence as (
    select
        experiment_id as evidence_source,
        channel_id,
        starts_on as period_start,
        ends_on as period_end,
        kind,
        outcome,
        incremental as estimate,
        incremental_low as low,
        incremental_high as high,
        {{ unknown('integer') }} as n,
        'additional ' || outcome as unit,
        caveat
    from experiments
    where incremental is not null
    union all
    select
        experiment_id as evidence_source,
        channel_id,
        starts_on as period_start,
        ends_on as period_end,
        kind,
        outcome || ' (lift)' as outcome,
        lift as estimate,
        lift_low as low,
        lift_high as high,
        {{ unknown('integer') }} as n,
        'share of the expected' as unit,
        caveat
    from experiments
    where lift is not null
),

-- Leads of contacts who opened the address or called the number in the four weeks before.
marks as (
    select
        'vanity addresses' as evidence_source,
        'a visit to a vanity address' as mark,
        vanity_channel_id as channel_id,
        contact_id,
        occurred_date
    from {{ ref('fct_touchpoints') }}
    where vanity_channel_id is not null
    union all
    select
        'tracked calls' as evidence_source,
        'a qualified tracked call' as mark,
        channel_id,
        contact_id,
        occurred_date
    from {{ ref('fct_touchpoints') }}
    where is_qualified_call
),

marked_leads as (
    select distinct
        marks.evidence_source,
        marks.mark,
        marks.channel_id,
        leads.lead_id,
        leads.created_date,
        leads.is_qualified,
        leads.qualified_date
    from {{ ref('fct_leads') }} as leads
    inner join marks on leads.contact_id = marks.contact_id
    where
        marks.occurred_date <= leads.created_date
        and marks.occurred_date > {{ add_days('leads.created_date', -28) }}
),

-- Direct response: what certainly came through a channel because a code or a number of its own says so.
responses as (
    select
        'orders' as told_by,
        'codes' as evidence_source,
        codes.channel_id,
        {{ period_start('orders.ordered_date', 'quarter') }} as period_start,
        'orders with a code' as outcome,
        'orders' as unit,
        count(*) as responses,
        {{ as_type('count(*)', 'number') }} as low
    from {{ ref('fct_orders') }} as orders
    inner join {{ ref('dim_promo_codes') }} as codes on orders.promo_code = codes.promo_code
    where orders.row_period = 'order'
    group by codes.channel_id, {{ period_start('orders.ordered_date', 'quarter') }}
    union all
    select
        'orders' as told_by,
        'codes' as evidence_source,
        codes.channel_id,
        {{ period_start('orders.ordered_date', 'quarter') }} as period_start,
        'revenue with a code' as outcome,
        'reporting currency' as unit,
        count(orders.amount_reporting) as responses,
        {{ as_type('sum(orders.amount_reporting)', 'number') }} as low
    from {{ ref('fct_orders') }} as orders
    inner join {{ ref('dim_promo_codes') }} as codes on orders.promo_code = codes.promo_code
    where orders.row_period = 'order' and orders.amount_reporting is not null
    group by codes.channel_id, {{ period_start('orders.ordered_date', 'quarter') }}
    union all
    select
        'leads' as told_by,
        'codes' as evidence_source,
        codes.channel_id,
        {{ period_start('leads.created_date', 'quarter') }} as period_start,
        'leads with a code' as outcome,
        'leads' as unit,
        count(*) as responses,
        {{ as_type('count(*)', 'number') }} as low
    from {{ ref('fct_leads') }} as leads
    inner join {{ ref('dim_promo_codes') }} as codes on leads.promo_code = codes.promo_code
    group by codes.channel_id, {{ period_start('leads.created_date', 'quarter') }}
    union all
    select
        'qualified' as told_by,
        'codes' as evidence_source,
        codes.channel_id,
        {{ period_start('leads.qualified_date', 'quarter') }} as period_start,
        'qualified leads with a code' as outcome,
        'qualified leads' as unit,
        count(*) as responses,
        {{ as_type('count(*)', 'number') }} as low
    from {{ ref('fct_leads') }} as leads
    inner join {{ ref('dim_promo_codes') }} as codes on leads.promo_code = codes.promo_code
    where leads.is_qualified and leads.qualified_date is not null
    group by codes.channel_id, {{ period_start('leads.qualified_date', 'quarter') }}
    union all
    select
        'touchpoints' as told_by,
        'tracked calls' as evidence_source,
        channel_id,
        {{ period_start('occurred_date', 'quarter') }} as period_start,
        'qualified tracked calls' as outcome,
        'calls' as unit,
        count(*) as responses,
        {{ as_type('count(*)', 'number') }} as low
    from {{ ref('fct_touchpoints') }}
    where is_qualified_call
    group by channel_id, {{ period_start('occurred_date', 'quarter') }}
    union all
    select
        'touchpoints' as told_by,
        'vanity addresses' as evidence_source,
        vanity_channel_id as channel_id,
        {{ period_start('occurred_date', 'quarter') }} as period_start,
        'visits to a vanity address' as outcome,
        'visits' as unit,
        count(*) as responses,
        {{ as_type('count(*)', 'number') }} as low
    from {{ ref('fct_touchpoints') }}
    where vanity_channel_id is not null
    group by vanity_channel_id, {{ period_start('occurred_date', 'quarter') }}
    union all
    select
        'touchpoints' as told_by,
        evidence_source,
        channel_id,
        {{ period_start('created_date', 'quarter') }} as period_start,
        'leads after ' || mark as outcome,
        'leads' as unit,
        count(*) as responses,
        {{ as_type('count(*)', 'number') }} as low
    from marked_leads
    group by evidence_source, channel_id, mark, {{ period_start('created_date', 'quarter') }}
    union all
    select
        'touchpoints' as told_by,
        evidence_source,
        channel_id,
        {{ period_start('qualified_date', 'quarter') }} as period_start,
        'qualified leads after ' || mark as outcome,
        'qualified leads' as unit,
        count(*) as responses,
        {{ as_type('count(*)', 'number') }} as low
    from marked_leads
    where is_qualified and qualified_date is not null
    group by evidence_source, channel_id, mark, {{ period_start('qualified_date', 'quarter') }}
),

direct_evidence as (
    select
        told_by,
        evidence_source,
        channel_id,
        period_start,
        'direct_response' as kind,
        outcome,
        {{ unknown('number') }} as estimate,
        low,
        {{ unknown('number') }} as high,
        responses as n,
        unit,
        case evidence_source
            when 'codes' then 'At least so many: who came without naming the code is not in it; codes that leak to others are.'
            when 'tracked calls'
                then 'At least so many: who came without calling the number, or called under a name that we do not know, is not in it.'
            else 'At least so many: who came without typing the address, or whom nobody recognized there, is not in it.'
        end as caveat
    from responses
),

match_back_evidence as (
    select
        'touchpoints' as told_by,
        'match-back' as evidence_source,
        channel_id,
        quarter_start_date as period_start,
        'direct_response' as kind,
        case outcome when 'orders' then 'ordered within 28 days' else 'became a lead within 28 days' end as outcome,
        matched_share as estimate,
        matched_low as low,
        matched_high as high,
        reached as n,
        'share of those reached' as unit,
        'At least so many of those on the list: who came under another address is not matched. What the list caused is'
        || ' less: of people in the same countries who were not reached then, '
        || coalesce({{ as_type(as_type('round(others_share * 1000)', 'integer'), 'text') }} || ' in 1,000', 'an unknown share')
        || ' did so too, and nobody drew lots. 95 % interval after Wilson.' as caveat
    from {{ ref('fct_match_backs') }}
),

leak_evidence as (
    select
        'touchpoints' as told_by,
        'codes' as evidence_source,
        channel_id,
        quarter_start_date as period_start,
        'direct_response' as kind,
        'codes redeemed by people who were not sent one' as outcome,
        leak_share as estimate,
        leak_low as low,
        leak_high as high,
        redeemed_by_known as n,
        'share of known redeemers' as unit,
        'How far the code counts of this channel are not its own: passed on or found, by redeemers whom we know. 95 %'
        || ' interval after Wilson.' as caveat
    from {{ ref('fct_code_leaks') }}
),

-- Answers of leads, counted as fct_self_reports counts them: an answer that no rule could code is none, the
-- decoy is one.
asked as (
    select
        created_date,
        self_reported_source,
        self_reported_channel,
        coalesce(is_decoy, false) as is_decoy
    from {{ ref('fct_leads') }}
),

asked_quarters as (
    select
        {{ period_start('created_date', 'quarter') }} as period_start,
        count(*) as asked,
        sum(case when is_decoy then 1 else 0 end) as decoys,
        sum(case when is_decoy or self_reported_channel <> 'unknown' then 1 else 0 end) as valid
    from asked
    where created_date is not null
    group by {{ period_start('created_date', 'quarter') }}
),

-- The same answers of those who were qualified, by the day on which they were.
answered_qualified as (
    select
        {{ period_start('qualified_date', 'quarter') }} as period_start,
        self_reported_channel,
        coalesce(is_decoy, false) as is_decoy
    from {{ ref('fct_leads') }}
    where is_qualified and qualified_date is not null
),

qualified_quarters as (
    select
        period_start,
        count(*) as asked,
        sum(case when is_decoy then 1 else 0 end) as decoys,
        sum(case when is_decoy or self_reported_channel <> 'unknown' then 1 else 0 end) as valid
    from answered_qualified
    group by period_start
),

named_channels as (
    select
        {{ period_start('created_date', 'quarter') }} as period_start,
        self_reported_channel as channel_id,
        count(*) as named
    from asked
    where created_date is not null and self_reported_channel <> 'unknown' and not is_decoy
    group by {{ period_start('created_date', 'quarter') }}, self_reported_channel
),

self_reports as (
    select
        named_channels.channel_id,
        named_channels.period_start,
        'named as the source' as outcome,
        named_channels.named as hits,
        quarters.valid as n,
        quarters.asked,
        quarters.valid,
        quarters.decoys
    from named_channels
    inner join asked_quarters as quarters on named_channels.period_start = quarters.period_start
    union all
    select
        named.self_reported_channel as channel_id,
        named.period_start,
        'qualified leads, named as the source' as outcome,
        count(*) as hits,
        quarters.valid as n,
        quarters.asked,
        quarters.valid,
        quarters.decoys
    from answered_qualified as named
    inner join qualified_quarters as quarters on named.period_start = quarters.period_start
    where named.self_reported_channel <> 'unknown' and not named.is_decoy
    group by
        named.self_reported_channel, named.period_start, quarters.valid, quarters.asked, quarters.decoys
    union all
    select
        'unknown' as channel_id,
        period_start,
        'qualified leads, named the decoy' as outcome,
        decoys as hits,
        valid as n,
        asked,
        valid,
        decoys
    from qualified_quarters
    where valid > 0
    union all
    -- How often people name a channel that never ran: the noise in every share above.
    select
        'unknown' as channel_id,
        period_start,
        'named the decoy' as outcome,
        decoys as hits,
        valid as n,
        asked,
        valid,
        decoys
    from asked_quarters
    where valid > 0
),

self_report_evidence as (
    select
        case when outcome like 'qualified leads%' then 'qualified' else 'answers' end as told_by,
        'how did you hear of us' as evidence_source,
        channel_id,
        period_start,
        'self_report' as kind,
        outcome,
        {{ safe_divide('hits', 'n') }} as estimate,
        {{ wilson('hits', 'n', '-') }} as low,
        {{ wilson('hits', 'n', '+') }} as high,
        n,
        'share of answers' as unit,
        'What people remember: ' || {{ as_type('valid', 'text') }} || ' of ' || {{ as_type('asked', 'text') }}
        || ' asked named a source, ' || {{ as_type('decoys', 'text') }}
        || ' of them one that never ran. 95 % interval after Wilson.' as caveat
    from self_reports
),

attributed as (
    select
        conversion_kind,
        channel_id,
        model,
        {{ period_start('converted_date', 'quarter') }} as period_start,
        sum(cast(credit as decimal(28, 12))) as credit
    from {{ ref('fct_credit_days') }}
    group by conversion_kind, channel_id, model, {{ period_start('converted_date', 'quarter') }}
),

-- By the last touch every conversion is one channel's, so that its credit counts conversions.
conversions as (
    select
        conversion_kind,
        case conversion_kind when 'deal_won' then 'won deals' else 'qualified leads' end as conversion_label,
        {{ period_start('converted_date', 'quarter') }} as period_start,
        sum({{ as_type('credit', 'integer') }}) as conversions,
        sum(case when channel_id = 'unattributed' then {{ as_type('credit', 'integer') }} else 0 end) as untouched
    from {{ ref('fct_credit_days') }}
    where model = 'last'
    group by conversion_kind, {{ period_start('converted_date', 'quarter') }}
),

attribution_evidence as (
    select
        'touchpoints' as told_by,
        attributed.model as evidence_source,
        attributed.channel_id,
        attributed.period_start,
        'attribution' as kind,
        conversions.conversion_label || ', ' || replace(attributed.model, '_', ' ') as outcome,
        {{ safe_divide('attributed.credit', 'conversions.conversions') }} as estimate,
        {{ unknown('number') }} as low,
        {{ unknown('number') }} as high,
        conversions.conversions as n,
        'share of credit' as unit,
        'Credit, not cause: ' || {{ as_type('conversions.untouched', 'text') }} || ' of '
        || {{ as_type('conversions.conversions', 'text') }}
        || ' ' || conversions.conversion_label || ' had no touch that we know, and what was only seen or heard leaves none.' as caveat
    from attributed
    inner join conversions
        on attributed.conversion_kind = conversions.conversion_kind and attributed.period_start = conversions.period_start
),

-- Before a system told its first row, nothing is known: a quarter in which it began is known in part.
begun as (
    select 'orders' as told_by, min(ordered_date) as first_date from {{ ref('fct_orders') }}
    union all
    select 'leads' as told_by, min(created_date) as first_date from {{ ref('fct_leads') }}
    union all
    select 'qualified' as told_by, min(qualified_date) as first_date from {{ ref('fct_leads') }} where is_qualified
    union all
    select 'touchpoints' as told_by, min(occurred_date) as first_date from {{ ref('fct_touchpoints') }}
    union all
    select 'answers' as told_by, min(created_date) as first_date from asked where self_reported_source is not null
),

by_quarter as (
    select * from direct_evidence
    union all
    select * from match_back_evidence
    union all
    select * from leak_evidence
    union all
    select * from self_report_evidence
    union all
    select * from attribution_evidence
),

quarters as (
    select
        by_quarter.*,
        {{ add_days(dbt.dateadd('month', 3, 'by_quarter.period_start'), -1) }} as quarter_end,
        -- A quarter that is not over ends with as_of.
        least(
            {{ add_days(dbt.dateadd('month', 3, 'by_quarter.period_start'), -1) }}, organization.as_of
        ) as period_end,
        greatest(by_quarter.period_start, begun.first_date) as known_from,
        begun.first_date
    from by_quarter
    inner join begun on by_quarter.told_by = begun.told_by
    cross join organization
),

evidence as (
    select
        evidence_source, channel_id, period_start, period_end, {{ as_type('1', 'number') }} as covered_share, kind,
        outcome, estimate, low, high, n, unit, caveat
    from experiment_evidence
    union all
    select
        evidence_source,
        channel_id,
        period_start,
        period_end,
        case
            when first_date <= period_end
                then {{ safe_divide(days_between('known_from', 'period_end') ~ ' + 1', days_between('period_start', 'quarter_end') ~ ' + 1') }}
            else 0
        end as covered_share,
        kind,
        outcome,
        estimate,
        low,
        high,
        n,
        unit,
        caveat
    from quarters
)

select
    {{ surrogate_key(['kind', 'evidence_source', 'channel_id', 'period_start', 'outcome']) }} as evidence_key,
    channel_id,
    period_start,
    period_end,
    {{ rounded('covered_share', 6) }} as covered_share,
    kind,
    outcome,
    {{ rounded('estimate', 6) }} as estimate,
    {{ rounded('low', 6) }} as low,
    {{ rounded('high', 6) }} as high,
    {{ as_type('n', 'integer') }} as n,
    unit,
    caveat,
    evidence_source
from evidence
