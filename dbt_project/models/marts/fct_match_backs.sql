{# Of the people on a list - mailed, or met at an event - who ordered or became a lead within four weeks, matched by
   the keys that make them one contact. An outcome goes to the last time that they were reached. Who would have
   done it anyway is in it: beside it stand the people of the same country who were not reached then. #}
{%- set window_days = 28 -%}
with known_outcomes as (
    {{ known_outcomes() }}
),

organization as (
    select as_of from {{ ref('int_organization') }}
),

people as (
    select
        contact_id,
        coalesce(country, '(unknown)') as country,
        created_date
    from {{ ref('dim_contacts') }}
),

listed as (
    select
        touchpoints.channel_id,
        touchpoints.contact_id,
        touchpoints.occurred_date as date_day,
        min(people.country) as country,
        min(people.created_date) as created_date
    from {{ ref('fct_touchpoints') }} as touchpoints
    inner join people on touchpoints.contact_id = people.contact_id
    where touchpoints.kind in ('mailing', 'attended')
    group by touchpoints.channel_id, touchpoints.contact_id, touchpoints.occurred_date
),

-- Only windows that are over.
reached as (
    select listed.*
    from listed
    cross join organization
    where {{ add_days('listed.date_day', window_days) }} <= organization.as_of
),

outcomes as (
    select 'orders' as outcome
    union all
    select 'leads_created' as outcome
),

followed as (
    select
        reached.channel_id,
        reached.contact_id,
        known.outcome,
        max(reached.date_day) as date_day
    from known_outcomes as known
    inner join reached
        on
            known.contact_id = reached.contact_id
            and known.date_day >= reached.date_day
            and known.date_day <= {{ add_days('reached.date_day', window_days) }}
    group by reached.channel_id, reached.contact_id, known.outcome, known.date_day
),

answered as (
    select distinct channel_id, contact_id, outcome, date_day from followed
),

-- Every time a list was used in a country is a case of its own.
drops as (
    select
        reached.channel_id,
        reached.date_day,
        reached.country,
        outcomes.outcome,
        count(*) as reached,
        count(answered.contact_id) as matched
    from reached
    cross join outcomes
    left join answered
        on
            reached.channel_id = answered.channel_id
            and reached.contact_id = answered.contact_id
            and reached.date_day = answered.date_day
            and outcomes.outcome = answered.outcome
    group by reached.channel_id, reached.date_day, reached.country, outcomes.outcome
),

uses as (
    select channel_id, date_day, country from reached
    group by channel_id, date_day, country
),

known_people as (
    select
        uses.channel_id,
        uses.date_day,
        uses.country,
        sum(newcomers.people) as people
    from uses
    inner join (
        select country, created_date, count(*) as people from people
        group by country, created_date
    ) as newcomers
        on uses.country = newcomers.country and newcomers.created_date <= uses.date_day
    group by uses.channel_id, uses.date_day, uses.country
),

-- Whom the channel reached about then too.
near as (
    select
        uses.channel_id,
        uses.date_day,
        uses.country,
        listed.contact_id
    from uses
    inner join listed
        on
            uses.channel_id = listed.channel_id
            and uses.country = listed.country
            and listed.created_date <= uses.date_day
            and listed.date_day between {{ add_days('uses.date_day', -window_days) }}
            and {{ add_days('uses.date_day', window_days) }}
    group by uses.channel_id, uses.date_day, uses.country, listed.contact_id
),

other_answers as (
    select
        uses.channel_id,
        uses.date_day,
        uses.country,
        known.outcome,
        count(distinct known.contact_id) as others_matched
    from uses
    inner join known_outcomes as known
        on known.date_day between uses.date_day and {{ add_days('uses.date_day', window_days) }}
    inner join people
        on
            known.contact_id = people.contact_id
            and uses.country = people.country
            and people.created_date <= uses.date_day
    left join near
        on
            uses.channel_id = near.channel_id
            and uses.date_day = near.date_day
            and known.contact_id = near.contact_id
    where near.contact_id is null
    group by uses.channel_id, uses.date_day, uses.country, known.outcome
),

near_people as (
    select channel_id, date_day, country, count(*) as people
    from near
    group by channel_id, date_day, country
),

compared as (
    select
        known_people.channel_id,
        known_people.date_day,
        known_people.country,
        outcomes.outcome,
        known_people.people - coalesce(near_people.people, 0) as others,
        coalesce(other_answers.others_matched, 0) as others_matched
    from known_people
    cross join outcomes
    left join near_people
        on
            known_people.channel_id = near_people.channel_id
            and known_people.date_day = near_people.date_day
            and known_people.country = near_people.country
    left join other_answers
        on
            known_people.channel_id = other_answers.channel_id
            and known_people.date_day = other_answers.date_day
            and known_people.country = other_answers.country
            and outcomes.outcome = other_answers.outcome
    where known_people.people > coalesce(near_people.people, 0)
),

quarters as (
    select
        drops.channel_id,
        {{ period_start('drops.date_day', 'quarter') }} as quarter_start_date,
        drops.outcome,
        sum(drops.reached) as reached,
        sum(drops.matched) as matched,
        -- Weighted as the list was, so that country and season are those of the people reached.
        {{ _sum_exactly('drops.reached * compared.others_matched / ' ~ as_type('compared.others', 'number')) }} as expected,
        sum(case when compared.others is not null then drops.reached else 0 end) as compared_reached
    from drops
    left join compared
        on
            drops.channel_id = compared.channel_id
            and drops.date_day = compared.date_day
            and drops.country = compared.country
            and drops.outcome = compared.outcome
    group by drops.channel_id, {{ period_start('drops.date_day', 'quarter') }}, drops.outcome
)

select
    {{ surrogate_key(['channel_id', 'quarter_start_date', 'outcome']) }} as match_back_key,
    channel_id,
    quarter_start_date,
    outcome,
    {{ as_type('reached', 'integer') }} as reached,
    {{ as_type('matched', 'integer') }} as matched,
    {{ rounded(safe_divide('matched', 'reached'), 6) }} as matched_share,
    {{ rounded(wilson('matched', 'reached', '-'), 6) }} as matched_low,
    {{ rounded(wilson('matched', 'reached', '+'), 6) }} as matched_high,
    {{ rounded(safe_divide('expected', 'compared_reached'), 6) }} as others_share
from quarters
