{# The statements with a verdict: does this record share this key with others, and may it? #}
{{ config(materialized='table') }}
with organization as (
    select
        as_of,
        coalesce(identity_most_records_per_key, 5) as most_records,
        case when identity_splink = 'apply' then identity_apply_from end as apply_from
    from {{ ref('int_organization') }}
),

statements as (
    select * from {{ ref('int_identity_statements') }}
),

decisions as (
    select * from {{ ref('int_identity_decisions_judged') }}
),

own_addresses as (
    select
        contact_reference,
        source_system,
        email_hash
    from {{ ref('int_contacts_unioned') }}
    where email_hash is not null
),

-- One row per record and key: the best evidence speaks for it.
best as (
    select
        statements.*,
        coalesce(statements.match_probability, evidence.confidence) as confidence,
        row_number() over (
            partition by statements.contact_reference, statements.key_kind, statements.key_value
            order by
                coalesce(statements.match_probability, evidence.confidence) desc,
                case when statements.first_said_at is null then 1 else 0 end,
                statements.first_said_at,
                statements.said_by
        ) as evidence_rank
    from statements
    inner join {{ ref('identity_evidence') }} as evidence
        on
            statements.key_kind = evidence.key_kind
            and statements.evidence = evidence.evidence
            and evidence.joins_people
),

shared as (
    select email_hash from {{ ref('stg_ingest__shared_mailboxes') }}
    union
    select email_hash from decisions where decision = 'shared' and email_hash is not null and holds
),

sizes as (
    select
        key_kind,
        key_value,
        count(*) as records
    from best
    where evidence_rank = 1
    group by key_kind, key_value
    having count(*) > 1
),

-- A CRM that keeps two records with two addresses holds them for two people; a form does not overrule it.
elsewhere as (
    select distinct
        best.contact_reference,
        best.key_value
    from best
    inner join own_addresses as mine on best.contact_reference = mine.contact_reference
    inner join own_addresses as theirs
        on
            best.key_value = theirs.email_hash
            and mine.source_system = theirs.source_system
            and mine.email_hash <> theirs.email_hash
    where best.key_kind = 'email' and best.evidence = 'form'
),

-- Of two records that a reviewer tells apart, the second loses the keys that the first has.
apart as (
    select
        theirs.contact_reference,
        theirs.key_kind,
        theirs.key_value,
        min(decisions.decision_id) as decision_id
    from decisions
    inner join best as mine on decisions.contact_reference = mine.contact_reference
    inner join best as theirs
        on
            decisions.other_reference = theirs.contact_reference
            and mine.key_kind = theirs.key_kind
            and mine.key_value = theirs.key_value
    where decisions.decision = 'apart' and decisions.holds and decisions.contact_reference <> decisions.other_reference
    group by theirs.contact_reference, theirs.key_kind, theirs.key_value
)

select
    best.contact_reference,
    best.key_kind,
    best.key_value,
    best.evidence,
    best.said_by,
    best.first_said_at,
    best.confidence,
    coalesce(sizes.records, 1) as records,
    case
        when best.key_kind = 'decision' and not withdrawn.holds then 'withdrawn'
        when shared.email_hash is not null and sizes.records > 1 then 'shared_mailbox'
        when sizes.records > organization.most_records and best.key_kind in ('email', 'crm_id') then 'too_many_records'
        when elsewhere.key_value is not null then 'another_records_address'
        when
            best.key_kind = 'proposal'
            and (organization.apply_from is null or best.confidence < organization.apply_from)
            then 'proposed'
        -- Last: only what would have been joined is undone by it.
        when apart.decision_id is not null then 'apart'
    end as held_because,
    coalesce(apart.decision_id, case when best.key_kind = 'decision' then best.key_value end) as decision_id,
    shared.email_hash is not null as is_shared_mailbox
from best
cross join organization
left join sizes on best.key_kind = sizes.key_kind and best.key_value = sizes.key_value
left join shared on best.key_kind = 'email' and best.key_value = shared.email_hash
left join apart
    on
        best.contact_reference = apart.contact_reference
        and best.key_kind = apart.key_kind
        and best.key_value = apart.key_value
left join elsewhere on best.contact_reference = elsewhere.contact_reference and best.key_value = elsewhere.key_value
left join decisions as withdrawn on best.key_kind = 'decision' and best.key_value = withdrawn.decision_id
where best.evidence_rank = 1
