{# Records that stable keys join are one person, who goes by the oldest of the first source. Phones, handles and
   browsers do not join people: a switchboard is nobody's, and half the Anna Beckers are @anna.becker. Never by
   name. #}
select
    contacts.*,
    companies.company_id,
    coalesce(clustered.contact_id, contacts.contact_reference) as contact_id,
    coalesce(clustered.confidence, 1) as identity_confidence
from {{ ref('int_contacts_unioned') }} as contacts
left join {{ ref('int_contacts_clustered') }} as clustered
    on contacts.contact_reference = clustered.contact_reference
left join {{ ref('int_companies_resolved') }} as companies
    on contacts.company_reference = companies.company_reference
