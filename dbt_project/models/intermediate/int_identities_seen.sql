{# The profiles of every system: what it calls a person, with how often and when. An address that two systems
   know is two profiles. #}
{%- set records = [
    ('int_contacts_unioned', 'source_system', 'crm_id', 'source_contact_id', 'created_at'),
    ('stg_feeds__touchpoints', 'source_system', 'email', 'contact_email_hash', 'occurred_at'),
    ('stg_feeds__touchpoints', 'source_system', 'visitor', 'visitor_id_hash', 'occurred_at'),
    ('stg_feeds__leads', 'source_system', 'email', 'email_hash', 'created_at'),
    ('stg_feeds__tickets', 'source_system', 'email', 'contact_email_hash', 'opened_at'),
    ('stg_feeds__conversations', 'channel', 'email', 'contact_email_hash', 'received_at'),
    ('stg_feeds__orders', 'source_system', 'email', 'contact_email_hash', as_type('ordered_on', 'timestamp')),
    ('stg_feeds__satisfaction', 'survey', 'email', 'contact_email_hash', 'sent_at'),
    ('stg_feeds__mentions', 'network', 'handle', 'author_hash', 'published_at'),
] -%}
with seen as (
    {%- for relation, system, kind, key, moment in records %}
    select {{ system }} as source_system, '{{ kind }}' as key_kind, {{ key }} as key_value, {{ moment }} as seen_at
    from {{ ref(relation) }}
    union all
    {%- endfor %}
    -- What names neither an address nor a browser is known by the CRM's own id.
    select source_system, 'crm_id' as key_kind, contact_id as key_value, occurred_at as seen_at
    from {{ ref('stg_feeds__touchpoints') }}
    where contact_email_hash is null and visitor_id_hash is null
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
