{# Codes of channels that are sent to people by name, redeemed by people who were sent nothing within the look-back
   before: passed on, or found. Of redeemers whom we do not know nobody can tell. #}
with known_outcomes as (
    {{ known_outcomes() }}
),

sent as (
    select
        channel_id,
        contact_id,
        occurred_date
    from {{ ref('fct_touchpoints') }}
    where kind = 'mailing' and contact_id is not null
),

redeemed as (
    select
        codes.channel_id,
        known.outcome,
        known.contact_id,
        known.date_day,
        max(case when sent.contact_id is not null then 1 else 0 end) as was_sent
    from known_outcomes as known
    inner join {{ ref('dim_promo_codes') }} as codes on known.promo_code = codes.promo_code
    cross join {{ ref('int_attribution_rules') }} as rules
    left join sent
        on
            codes.channel_id = sent.channel_id
            and known.contact_id = sent.contact_id
            and sent.occurred_date between {{ add_days('known.date_day', '-rules.look_back_days') }} and known.date_day
    where codes.channel_id in (select channel_id from sent)
    group by codes.channel_id, known.outcome, known.contact_id, known.date_day
),

quarters as (
    select
        channel_id,
        {{ period_start('date_day', 'quarter') }} as quarter_start_date,
        count(*) as redeemed,
        sum(1 - was_sent) as leaked
    from redeemed
    group by channel_id, {{ period_start('date_day', 'quarter') }}
)

select
    {{ surrogate_key(['channel_id', 'quarter_start_date']) }} as code_leak_key,
    channel_id,
    quarter_start_date,
    {{ as_type('redeemed', 'integer') }} as redeemed_by_known,
    {{ as_type('leaked', 'integer') }} as leaked,
    {{ rounded(safe_divide('leaked', 'redeemed'), 6) }} as leak_share,
    {{ rounded(wilson('leaked', 'redeemed', '-'), 6) }} as leak_low,
    {{ rounded(wilson('leaked', 'redeemed', '+'), 6) }} as leak_high
from quarters
