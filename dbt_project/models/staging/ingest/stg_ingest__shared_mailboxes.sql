select
    shared_mailboxes.email_hash,
    shared_mailboxes.mailbox
from {{ source('ingest', 'shared_mailboxes') }} as shared_mailboxes
