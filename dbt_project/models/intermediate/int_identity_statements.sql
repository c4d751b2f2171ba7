{# Everything that says that a CRM record and a key belong together. A key joins every record it is said of;
   which of them may is judged later. Decisions and merges are keys too: one key, two records. #}
{{ config(materialized='table') }}
with records as (
    select * from {{ ref('int_contacts_unioned') }}
),

-- A record may be named by its id alone where only one system has that id.
named as (
    select
        source_contact_id as reference,
        min(contact_reference) as contact_reference
    from records
    group by source_contact_id
    having count(*) = 1
    union all
    select
        contact_reference as reference,
        contact_reference
    from records
),

together as (
    select
        source_system,
        contact_id,
        email_hash,
        created_at as said_at
    from {{ ref('stg_feeds__leads') }}
    where contact_id is not null and email_hash is not null
    union all
    select
        source_system,
        contact_id,
        contact_email_hash as email_hash,
        occurred_at as said_at
    from {{ ref('stg_feeds__touchpoints') }}
    where contact_id is not null and contact_email_hash is not null
),

forms as (
    select
        coalesce(own.contact_reference, alone.contact_reference) as contact_reference,
        together.email_hash,
        together.source_system,
        min(together.said_at) as first_said_at,
        count(*) as statements
    from together
    left join named as own on together.source_system || ':' || together.contact_id = own.reference
    left join named as alone on together.contact_id = alone.reference
    where coalesce(own.contact_reference, alone.contact_reference) is not null
    group by coalesce(own.contact_reference, alone.contact_reference), together.email_hash, together.source_system
),

-- A record joined to itself says nothing; fct_identity_exceptions lists such a decision.
decided as (
    select * from {{ ref('stg_feeds__identity_decisions') }}
    where decision = 'join' and contact_reference <> other_reference
)

select
    contact_reference,
    'email' as key_kind,
    email_hash as key_value,
    'own' as evidence,
    source_system as said_by,
    created_at as first_said_at,
    {{ as_type('1', 'integer') }} as statements,
    {{ unknown('number') }} as match_probability
from records
where email_hash is not null
union all
select
    contact_reference,
    'email' as key_kind,
    email_hash as key_value,
    'form' as evidence,
    source_system as said_by,
    first_said_at,
    {{ as_type('statements', 'integer') }} as statements,
    {{ unknown('number') }} as match_probability
from forms
union all
select
    contact_reference,
    'email' as key_kind,
    email_hash as key_value,
    'merged' as evidence,
    source_system as said_by,
    {{ unknown('timestamp') }} as first_said_at,
    {{ as_type('1', 'integer') }} as statements,
    {{ unknown('number') }} as match_probability
from {{ ref('int_contact_merges_split') }}
where email_hash is not null
union all
select
    contact_reference,
    'crm_id' as key_kind,
    merged_reference as key_value,
    'merged' as evidence,
    source_system as said_by,
    {{ unknown('timestamp') }} as first_said_at,
    {{ as_type('1', 'integer') }} as statements,
    {{ unknown('number') }} as match_probability
from {{ ref('int_contact_merges_split') }}
union all
-- A record that the CRM lists as merged and still keeps.
select
    records.contact_reference,
    'crm_id' as key_kind,
    records.contact_reference as key_value,
    'own' as evidence,
    records.source_system as said_by,
    records.created_at as first_said_at,
    {{ as_type('1', 'integer') }} as statements,
    {{ unknown('number') }} as match_probability
from records
inner join {{ ref('int_contact_merges_split') }} as merges on records.contact_reference = merges.merged_reference
{%- for side in ['contact_reference', 'other_reference'] %}
union all
select
    records.contact_reference,
    'decision' as key_kind,
    decided.decision_id as key_value,
    'reviewer' as evidence,
    coalesce(decided.decided_by, 'reviewer') as said_by,
    {{ as_type('decided.decided_on', 'timestamp') }} as first_said_at,
    {{ as_type('1', 'integer') }} as statements,
    {{ unknown('number') }} as match_probability
from decided
inner join records on decided.{{ side }} = records.contact_reference
union all
select
    records.contact_reference,
    'proposal' as key_kind,
    proposals.contact_reference || ' ' || proposals.other_reference as key_value,
    'splink' as evidence,
    'splink' as said_by,
    {{ unknown('timestamp') }} as first_said_at,
    {{ as_type('1', 'integer') }} as statements,
    proposals.match_probability
from {{ ref('stg_ingest__identity_proposals') }} as proposals
inner join records on proposals.{{ side }} = records.contact_reference
{%- endfor %}
