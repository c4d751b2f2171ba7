{# The profiles of every system: what it calls a person, with how often and when. An address that two systems
   know is two profiles. #}
with seen as (
    select source_system, 'crm_id' as key_kind, source_contact_id as key_value, created_at as seen_at
    from {{ ref('int_contacts_unioned') }}
    union all
    select source_system, 'email' as key_kind, contact_email_hash as key_value, occurred_at as seen_at
    from {{ ref('stg_feeds__touchpoints') }}
    union all
    select source_system, 'visitor' as key_kind, visitor_id_hash as key_value, occurred_at as seen_at
    from {{ ref('stg_feeds__touchpoints') }}
    union all
    select source_system, 'crm_id' as key_kind, contact_id as key_value, occurred_at as seen_at
    from {{ ref('stg_feeds__touchpoints') }}
    where contact_email_hash is null and visitor_id_hash is null
    union all
    select source_system, 'email' as key_kind, email_hash as key_value, created_at as seen_at
    from {{ ref('stg_feeds__leads') }}
    union all
    select source_system, 'email' as key_kind, contact_email_hash as key_value, opened_at as seen_at
    from {{ ref('stg_feeds__tickets') }}
    union all
    select channel as source_system, 'email' as key_kind, contact_email_hash as key_value, received_at as seen_at
    from {{ ref('stg_feeds__conversations') }}
    union all
    select
        source_system, 'email' as key_kind, contact_email_hash as key_value,
        {{ as_type('ordered_on', 'timestamp') }} as seen_at
    from {{ ref('stg_feeds__orders') }}
    union all
    select survey as source_system, 'email' as key_kind, contact_email_hash as key_value, sent_at as seen_at
    from {{ ref('stg_feeds__satisfaction') }}
    union all
    select network as source_system, 'handle' as key_kind, author_hash as key_value, published_at as seen_at
    from {{ ref('stg_feeds__mentions') }}
)

select
    source_system,
    key_kind,
    key_value,
    min(seen_at) as first_seen_at,
    max(seen_at) as last_seen_at,
    count(*) as times_seen
from seen
where key_value is not null
group by source_system, key_kind, key_value
