{# People as connected components of records and the keys that join them. Numbers follow the order in which
   records lend a person their name, so the smallest of a component is the record it goes by. #}
{{ config(materialized='table') }}
with records as (
    select
        contacts.contact_reference,
        row_number() over (order by {{ leading_record('contacts') }}) as node
    from {{ ref('int_contacts_unioned') }} as contacts
),

joining as (
    select
        links.contact_reference,
        links.key_kind || '|' || links.key_value as link_key,
        links.confidence,
        count(*) over (partition by links.key_kind, links.key_value) as records
    from {{ ref('int_identity_links') }} as links
    where links.held_because is null
),

links as (
    select
        records.node,
        joining.link_key,
        joining.confidence
    from joining
    inner join records on joining.contact_reference = records.contact_reference
    where joining.records > 1
),

{{ connected_components('links', 6) }},

weakest as (
    select
        components.component,
        min(links.confidence) as confidence,
        count(distinct components.node) as crm_records
    from components
    inner join links on components.node = links.node
    group by components.component
)

select
    records.contact_reference,
    eldest.contact_reference as contact_id,
    weakest.confidence,
    weakest.crm_records
from components
inner join records on components.node = records.node
inner join records as eldest on components.component = eldest.node
inner join weakest on components.component = weakest.component
