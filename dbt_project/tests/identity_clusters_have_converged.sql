-- No joining key ties records of two people: else the rounds of connected_components did not suffice, and a chain
-- of records longer than the rounds reach was cut in two. Remedy: one round more in int_contacts_clustered.
select
    links.key_kind,
    links.key_value,
    count(distinct resolved.contact_id) as people
from {{ ref('int_identity_links') }} as links
inner join {{ ref('int_contacts_resolved') }} as resolved on links.contact_reference = resolved.contact_reference
where links.held_because is null
group by links.key_kind, links.key_value
having count(distinct resolved.contact_id) > 1
