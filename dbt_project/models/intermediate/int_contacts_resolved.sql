{# Records that share a hashed e-mail are one person, who goes by the oldest of the first source. Phones and
   handles do not join people: a switchboard is nobody's. Never by name. #}
select
    contacts.*,
    companies.company_id,
    first_value(contacts.contact_reference) over (
        partition by coalesce(contacts.email_hash, contacts.contact_reference)
        order by
            contacts.source_rank,
            case when contacts.created_at is null then 1 else 0 end,
            contacts.created_at,
            contacts.contact_reference
    ) as contact_id
from {{ ref('int_contacts_unioned') }} as contacts
left join {{ ref('int_companies_resolved') }} as companies
    on contacts.company_reference = companies.company_reference
