{# Every stable key by which a record may name a contact, a company or a deal: the system and its id; the id
   alone where only one thing has it; for contacts the hashed e-mail. A key that means two things means none. #}
with named as (
    select 'contact' as entity, 'crm_id' as key_kind, contact_reference as reference, contact_id as entity_id
    from {{ ref('int_contacts_resolved') }}
    union all
    select 'contact' as entity, 'crm_id' as key_kind, source_contact_id as reference, contact_id as entity_id
    from {{ ref('int_contacts_resolved') }}
    union all
    select 'contact' as entity, 'email' as key_kind, email_hash as reference, contact_id as entity_id
    from {{ ref('int_contacts_resolved') }}
    union all
    select 'company' as entity, 'crm_id' as key_kind, company_reference as reference, company_id as entity_id
    from {{ ref('int_companies_resolved') }}
    union all
    select 'company' as entity, 'crm_id' as key_kind, source_company_id as reference, company_id as entity_id
    from {{ ref('int_companies_resolved') }}
    union all
    select 'deal' as entity, 'crm_id' as key_kind, deal_id as reference, deal_id as entity_id
    from {{ ref('int_deals_unioned') }}
    union all
    select 'deal' as entity, 'crm_id' as key_kind, source_deal_id as reference, deal_id as entity_id
    from {{ ref('int_deals_unioned') }}
)

select
    entity,
    key_kind,
    reference,
    min(entity_id) as entity_id
from named
where reference is not null
group by entity, key_kind, reference
having count(distinct entity_id) = 1
