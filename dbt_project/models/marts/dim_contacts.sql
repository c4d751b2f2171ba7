with organization as (
    select time_zone from {{ ref('int_organization') }}
),

records as (
    select * from {{ ref('int_contacts_resolved') }}
),

known_keys as (
    select
        contact_id,
        count(*) as crm_ids,
        count(distinct email_hash) + count(distinct phone_hash) + count(distinct handle_hash) as other_keys,
        max(case when is_customer then 1 when not is_customer then 0 end) as is_customer,
        min(company_id) as company_id,
        min(self_reported_source) as self_reported_source
    from records
    group by contact_id
)

select
    {{ surrogate_key(['records.contact_id']) }} as contact_key,
    records.contact_id,
    records.source_system as contact_system,
    coalesce(records.company_id, known_keys.company_id) as company_id,
    records.lifecycle_stage,
    records.first_source,
    coded.self_reported_channel,
    records.created_at,
    {{ to_local_date('records.created_at', 'organization.time_zone') }} as created_date,
    records.country,
    case known_keys.is_customer when 1 then true when 0 then false end as is_customer,
    {{ as_type('known_keys.crm_ids + known_keys.other_keys', 'integer') }} as identity_keys,
    records.identity_confidence
from records
cross join organization
inner join known_keys on records.contact_id = known_keys.contact_id
left join {{ ref('int_self_reports_coded') }} as coded
    on coalesce(records.self_reported_source, known_keys.self_reported_source) = coded.self_reported_source
where records.contact_reference = records.contact_id
