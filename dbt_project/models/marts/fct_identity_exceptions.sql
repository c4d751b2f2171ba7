{# What a person should look at, with what was done meanwhile. A decision on the pair closes it: write one into
   the feed identity_decisions. #}
{%- set doubtful_pairs = [
    ('held_because', 'false', "held_because in ('shared_mailbox', 'too_many_records', 'another_records_address', 'proposed')"),
    ("'same_crm_twice'", 'true', "held_because is null and key_kind = 'email' and source_system = other_system"),
    ("'conflicting_companies'", 'true', "held_because is null and company_id <> other_company_id"),
    ("'probable_match_applied'", 'true', "held_because is null and key_kind = 'proposal'"),
] -%}
with pairs as (
    select * from {{ ref('int_identity_pairs') }}
),

contacts as (
    select * from {{ ref('int_contacts_resolved') }}
),

decisions as (
    select * from {{ ref('int_identity_decisions_judged') }}
),

-- Keys that tie people whom they may not join.
loose_keys as (
    select 'phone' as key_kind, phone_hash as key_value, contact_id
    from contacts
    where phone_hash is not null
    union
    select 'handle' as key_kind, handle_hash as key_value, contact_id
    from contacts
    where handle_hash is not null
    union
    select 'visitor' as key_kind, touchpoints.visitor_id_hash as key_value, emails.entity_id as contact_id
    from {{ ref('stg_feeds__touchpoints') }} as touchpoints
    inner join {{ ref('int_crm_ids_matched') }} as emails
        on
            emails.entity = 'contact'
            and emails.key_kind = 'email'
            and touchpoints.contact_email_hash = emails.reference
    where touchpoints.visitor_id_hash is not null
),

found as (
    {%- for exception_kind, is_merged, condition in doubtful_pairs %}
    select
        {{ exception_kind }} as exception_kind,
        contact_reference,
        other_reference,
        key_kind,
        key_value,
        confidence,
        records,
        known_since,
        {{ is_merged }} as is_merged
    from pairs
    where {{ condition }}
    union all
    {%- endfor %}
    select
        case key_kind
            when 'phone' then 'same_phone' when 'handle' then 'same_handle' else 'shared_browser'
        end as exception_kind,
        min(contact_id) as contact_reference,
        max(contact_id) as other_reference,
        key_kind,
        key_value,
        {{ unknown('number') }} as confidence,
        count(*) as records,
        {{ unknown('timestamp') }} as known_since,
        false as is_merged
    from loose_keys
    group by key_kind, key_value
    having count(*) > 1
    union all
    -- What a reviewer decided and the keys still contradict, or cannot follow.
    select
        'decision_not_honoured' as exception_kind,
        decisions.contact_reference,
        decisions.other_reference,
        'decision' as key_kind,
        decisions.decision_id as key_value,
        {{ unknown('number') }} as confidence,
        {{ as_type('2', 'integer') }} as records,
        {{ as_type('decisions.decided_on', 'timestamp') }} as known_since,
        mine.contact_id = theirs.contact_id as is_merged
    from decisions
    left join contacts as mine on decisions.contact_reference = mine.contact_reference
    left join contacts as theirs on decisions.other_reference = theirs.contact_reference
    where
        decisions.holds
        and (
            (decisions.decision = 'apart' and mine.contact_id = theirs.contact_id)
            or (decisions.decision = 'join' and mine.contact_id is distinct from theirs.contact_id)
            or (decisions.decision in ('join', 'apart') and (mine.contact_id is null or theirs.contact_id is null))
            or (decisions.decision = 'join' and decisions.contact_reference = decisions.other_reference)
        )
),

decided as (
    select
        found.exception_kind,
        found.key_kind,
        found.key_value,
        found.contact_reference,
        found.other_reference,
        max(decisions.decision_id) as decision_id
    from found
    inner join decisions
        on
            decisions.holds
            and decisions.decision in ('join', 'apart')
            and (
                (found.contact_reference = decisions.contact_reference and found.other_reference = decisions.other_reference)
                or (found.contact_reference = decisions.other_reference and found.other_reference = decisions.contact_reference)
            )
    where found.exception_kind <> 'decision_not_honoured'
    group by
        found.exception_kind, found.key_kind, found.key_value, found.contact_reference, found.other_reference
)

select
    {{ surrogate_key(['found.exception_kind', 'found.key_kind', 'found.key_value', 'found.contact_reference', 'found.other_reference']) }}
        as exception_key,
    found.exception_kind,
    found.contact_reference,
    found.other_reference,
    found.key_kind,
    {{ as_type('found.records', 'integer') }} as records,
    found.confidence,
    found.known_since,
    coalesce(found.is_merged, false) as is_merged,
    case when decided.decision_id is null then 'open' else 'decided' end as review_status,
    decided.decision_id
from found
left join decided
    on
        found.exception_kind = decided.exception_kind
        and found.key_kind = decided.key_kind
        and found.key_value = decided.key_value
        and found.contact_reference = decided.contact_reference
        and found.other_reference = decided.other_reference
