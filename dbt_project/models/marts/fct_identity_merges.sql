{# The audit of who is who: what was joined, by which key, who said so, since when; and what was taken apart
   again. Held pairs are in fct_identity_exceptions. #}
with decisions as (
    select * from {{ ref('stg_feeds__identity_decisions') }}
),

pairs as (
    select
        key_kind,
        key_value,
        contact_id,
        contact_reference,
        other_reference,
        evidence,
        said_by,
        other_said_by,
        confidence,
        known_since,
        held_because,
        decision_id
    from {{ ref('int_identity_pairs') }}
    where held_because is null or held_because in ('apart', 'withdrawn')
    union all
    -- What the CRM merged itself: the other record is no more.
    select
        links.key_kind,
        links.key_value,
        contacts.contact_id,
        links.contact_reference,
        links.key_value as other_reference,
        links.evidence,
        links.said_by,
        links.said_by as other_said_by,
        links.confidence,
        links.first_said_at as known_since,
        links.held_because,
        links.decision_id
    from {{ ref('int_identity_links') }} as links
    inner join {{ ref('int_contacts_resolved') }} as contacts on links.contact_reference = contacts.contact_reference
    where links.key_kind = 'crm_id' and links.evidence = 'merged' and links.records = 1
)

select
    {{ surrogate_key(['pairs.key_kind', 'pairs.key_value', 'pairs.contact_reference', 'pairs.other_reference']) }}
        as merge_key,
    pairs.contact_id,
    pairs.contact_reference as kept_reference,
    pairs.other_reference as merged_reference,
    pairs.key_kind,
    pairs.evidence,
    pairs.said_by,
    pairs.other_said_by,
    pairs.confidence,
    pairs.known_since,
    case when pairs.held_because is null then 'merged' else 'undone' end as merge_status,
    pairs.decision_id,
    decisions.reason as decision_reason,
    case
        when pairs.held_because = 'apart' then decisions.decided_on
        when pairs.held_because = 'withdrawn' then decisions.withdrawn_on
    end as undone_date
from pairs
left join decisions on pairs.decision_id = decisions.decision_id
