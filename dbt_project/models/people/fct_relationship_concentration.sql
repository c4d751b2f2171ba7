{# On how few shoulders a customer rests: the chance that two of the ties between its contacts and our people
   are held by the same of us, sum t(t - 1) / (n(n - 1)) (Simpson 1949, Nature 163:688). The Herfindahl index
   sum (t / n)^2 is above it by what n ties give by themselves: never below 1 / n. A tie is a contact and one
   of us who answered them in the quarter; customers are weighed by their ties. Told of the whole organization
   only. #}
with organization as (
    select * from {{ ref('int_organization') }}
),

answered as (
    select
        'inbox' as log,
        {{ to_local_date('conversations.received_at', 'organization.time_zone') }} as met_on,
        conversations.contact_email_hash,
        case when not coalesce(conversations.is_auto_reply, false) then conversations.first_reply_by_hash end
            as agent_hash
    from {{ ref('stg_feeds__conversations') }} as conversations
    cross join organization
    where conversations.first_reply_at is not null and not coalesce(conversations.is_auto_reply, false)
    union all
    select
        'help desk' as log,
        {{ to_local_date('tickets.opened_at', 'organization.time_zone') }} as met_on,
        tickets.contact_email_hash,
        tickets.agent_email_hash as agent_hash
    from {{ ref('stg_feeds__tickets') }} as tickets
    cross join organization
    where tickets.first_reply_at is not null
),

matched as (
    select
        {{ period_start('answered.met_on', 'quarter') }} as quarter_start_date,
        contacts.contact_id,
        contacts.company_id,
        answered.agent_hash
    from answered
    cross join organization
    left join {{ ref('int_crm_ids_matched') }} as ids
        on
            ids.entity = 'contact'
            and ids.key_kind = 'email'
            and answered.contact_email_hash = ids.reference
    left join {{ ref('dim_contacts') }} as contacts on ids.entity_id = contacts.contact_id
    where answered.met_on <= organization.as_of
),

logged as (
    select
        quarter_start_date,
        count(*) as meetings,
        sum(case when company_id is not null and agent_hash is not null then 1 else 0 end) as meetings_known
    from matched
    group by quarter_start_date
),

ties as (
    select
        quarter_start_date,
        company_id,
        agent_hash,
        count(distinct contact_id) as ties
    from matched
    where company_id is not null and agent_hash is not null
    group by quarter_start_date, company_id, agent_hash
),

companies as (
    select
        quarter_start_date,
        company_id,
        sum(ties) as ties,
        sum(ties * ties) as squares
    from ties
    group by quarter_start_date, company_id
),

-- One tie alone is no pair.
counted as (
    select * from companies
    where ties >= 2
),

holders as (
    select
        ties.quarter_start_date,
        count(distinct ties.agent_hash) as people
    from ties
    inner join counted
        on ties.quarter_start_date = counted.quarter_start_date and ties.company_id = counted.company_id
    group by ties.quarter_start_date
),

quarters as (
    select
        counted.quarter_start_date,
        holders.people,
        count(*) as companies,
        sum(counted.ties) as ties,
        {{ sum_number(safe_divide('counted.squares - counted.ties', '(counted.ties - 1)')) }} as concentrated_ties
    from counted
    inner join holders on counted.quarter_start_date = holders.quarter_start_date
    group by counted.quarter_start_date, holders.people
)

select
    {{ surrogate_key(['logged.quarter_start_date']) }} as concentration_key,
    logged.quarter_start_date,
    {{ as_type('case when quarters.people >= 5 then quarters.people end', 'integer') }} as people,
    {{ as_type('case when quarters.people >= 5 then quarters.companies end', 'integer') }} as companies,
    {{ as_type('case when quarters.people >= 5 then quarters.ties end', 'integer') }} as ties,
    {{ rounded('case when quarters.people >= 5 then quarters.concentrated_ties end', 4) }} as concentrated_ties,
    -- One over the index: as many people would share a customer's ties evenly.
    {{ rounded(
        'case when quarters.people >= 5 then ' ~ safe_divide('quarters.ties', 'quarters.concentrated_ties') ~ ' end', 4
    ) }} as effective_people,
    {{ rounded(safe_divide('logged.meetings_known', 'logged.meetings'), 6) }} as log_coverage,
    coalesce(quarters.people < 5, false) as is_suppressed
from logged
left join quarters on logged.quarter_start_date = quarters.quarter_start_date
