{# HubSpot lists on the record that stays the ids of those merged into it; what was merged may still be there
   as an archived record with its address. #}
with positions as (
    {{ numbers(3) }}
),

stayed as (
    select
        contact_id,
        merged_ids
    from {{ ref('stg_hubspot__contacts') }}
    where merged_ids is not null and is_archived is distinct from true
),

split as (
    select
        stayed.contact_id,
        trim({{ dbt.split_part('stayed.merged_ids', "';'", 'positions.n + 1') }}) as merged_id
    from stayed
    inner join positions
        on positions.n <= length(stayed.merged_ids) - length(replace(stayed.merged_ids, ';', ''))
)

select
    'hubspot:' || split.contact_id as contact_reference,
    'hubspot' as source_system,
    split.merged_id as source_contact_id,
    'hubspot:' || split.merged_id as merged_reference,
    archived.email_hash
from split
left join {{ ref('stg_hubspot__contacts') }} as archived on split.merged_id = archived.contact_id
where split.merged_id <> ''
