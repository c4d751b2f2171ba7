{# Every stable key by which a record may name a contact, a company or a deal: the system and its id; the id
   alone where only one thing has it; for contacts the hashed e-mail, the browser that gave it, the registered
   handle. A key that means two things means none. #}
{{ config(materialized='table') }}
with contacts as (
    select * from {{ ref('int_contacts_resolved') }}
),

-- Addresses that forms and merged records add, as far as they are not held back.
addresses as (
    select
        links.key_value as email_hash,
        contacts.contact_id,
        links.confidence
    from {{ ref('int_identity_links') }} as links
    inner join contacts on links.contact_reference = contacts.contact_reference
    where
        links.key_kind = 'email'
        and (links.held_because is null or links.held_because in ('shared_mailbox', 'too_many_records'))
),

certain as (
    select
        email_hash,
        min(contact_id) as contact_id
    from addresses
    group by email_hash
    having count(distinct contact_id) = 1
),

confidences as (
    select
        key_kind,
        min(confidence) as confidence
    from {{ ref('identity_evidence') }}
    where key_kind in ('visitor', 'handle')
    group by key_kind
),

named as (
    select
        'contact' as entity, 'crm_id' as key_kind, contact_reference as reference, contact_id as entity_id,
        1 as confidence
    from contacts
    union all
    select
        'contact' as entity, 'crm_id' as key_kind, source_contact_id as reference, contact_id as entity_id,
        1 as confidence
    from contacts
    union all
    select
        'contact' as entity, 'crm_id' as key_kind, links.key_value as reference,
        contacts.contact_id as entity_id, links.confidence
    from {{ ref('int_identity_links') }} as links
    inner join contacts on links.contact_reference = contacts.contact_reference
    where links.key_kind = 'crm_id' and links.held_because is null
    union all
    select
        'contact' as entity, 'crm_id' as key_kind, merges.source_contact_id as reference,
        contacts.contact_id as entity_id, links.confidence
    from {{ ref('int_contact_merges_split') }} as merges
    inner join {{ ref('int_identity_links') }} as links
        on
            links.key_kind = 'crm_id'
            and merges.merged_reference = links.key_value
            and merges.contact_reference = links.contact_reference
    inner join contacts on links.contact_reference = contacts.contact_reference
    where links.held_because is null
    union all
    select 'contact' as entity, 'email' as key_kind, email_hash as reference, contact_id as entity_id, confidence
    from addresses
    union all
    select
        'contact' as entity, 'visitor' as key_kind, browsers.visitor_id_hash as reference,
        certain.contact_id as entity_id, confidences.confidence
    from (
        select distinct
            visitor_id_hash,
            contact_email_hash
        from {{ ref('stg_feeds__touchpoints') }}
        where visitor_id_hash is not null and contact_email_hash is not null
    ) as browsers
    inner join certain on browsers.contact_email_hash = certain.email_hash
    cross join confidences
    where confidences.key_kind = 'visitor'
    union all
    select
        'contact' as entity, 'handle' as key_kind, contacts.handle_hash as reference,
        contacts.contact_id as entity_id, confidences.confidence
    from contacts
    cross join confidences
    where confidences.key_kind = 'handle'
    union all
    select
        'company' as entity, 'crm_id' as key_kind, company_reference as reference, company_id as entity_id,
        1 as confidence
    from {{ ref('int_companies_resolved') }}
    union all
    select
        'company' as entity, 'crm_id' as key_kind, source_company_id as reference, company_id as entity_id,
        1 as confidence
    from {{ ref('int_companies_resolved') }}
    union all
    select 'deal' as entity, 'crm_id' as key_kind, deal_id as reference, deal_id as entity_id, 1 as confidence
    from {{ ref('int_deals_unioned') }}
    union all
    select 'deal' as entity, 'crm_id' as key_kind, source_deal_id as reference, deal_id as entity_id, 1 as confidence
    from {{ ref('int_deals_unioned') }}
)

select
    entity,
    key_kind,
    reference,
    min(entity_id) as entity_id,
    max({{ as_type('confidence', 'number') }}) as confidence
from named
where reference is not null
group by entity, key_kind, reference
having count(distinct entity_id) = 1
