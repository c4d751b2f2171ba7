select
    latest.decision_id,
    latest.decided_on,
    lower(trim(latest.decision)) as decision,
    nullif(trim(latest.contact), '') as contact_reference,
    nullif(trim(latest.other_contact), '') as other_reference,
    latest.email_hash,
    latest.decided_by,
    latest.reason,
    latest.withdrawn_on
from {{ latest_version(source('feeds', 'identity_decisions')) }}
