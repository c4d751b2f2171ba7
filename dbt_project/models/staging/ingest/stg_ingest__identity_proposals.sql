select
    identity_proposals.contact_reference,
    identity_proposals.other_reference,
    identity_proposals.match_probability,
    identity_proposals.agrees
from {{ source('ingest', 'identity_proposals') }} as identity_proposals
