{# Records that share a joining key, two by two: every record with the leading one of its key. #}
{{ config(materialized='table') }}
with records as (
    select
        contacts.contact_reference,
        contacts.source_system,
        contacts.company_id,
        contacts.contact_id,
        row_number() over (order by {{ leading_record('contacts') }}) as record_order
    from {{ ref('int_contacts_resolved') }} as contacts
),

placed as (
    select
        links.*,
        records.source_system,
        records.company_id,
        records.contact_id,
        row_number() over (
            partition by links.key_kind, links.key_value
            order by case when links.held_because is null then 0 else 1 end, records.record_order
        ) as place
    from {{ ref('int_identity_links') }} as links
    inner join records on links.contact_reference = records.contact_reference
)

select
    eldest.key_kind,
    eldest.key_value,
    eldest.contact_reference,
    others.contact_reference as other_reference,
    eldest.source_system,
    others.source_system as other_system,
    eldest.company_id,
    others.company_id as other_company_id,
    eldest.contact_id,
    others.contact_id as other_contact_id,
    eldest.said_by,
    others.said_by as other_said_by,
    case when eldest.evidence = 'own' then others.evidence else eldest.evidence end as evidence,
    case when eldest.confidence <= others.confidence then eldest.confidence else others.confidence end as confidence,
    coalesce(others.held_because, eldest.held_because) as held_because,
    coalesce(others.decision_id, eldest.decision_id) as decision_id,
    -- The merge is as old as the younger of the two statements.
    case
        when eldest.first_said_at is null or others.first_said_at is null then null
        when eldest.first_said_at >= others.first_said_at then eldest.first_said_at
        else others.first_said_at
    end as known_since,
    others.records
from placed as eldest
inner join placed as others on eldest.key_kind = others.key_kind and eldest.key_value = others.key_value
where eldest.place = 1 and others.place > 1
