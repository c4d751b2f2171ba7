{# The path to every won deal: touchpoints of its contact, and of the other contacts of its company that the
   CRM knows, from 90 days before the day it was won until that day. Several people decide on a purchase. #}
with conversions as (
    select
        deals.deal_id as conversion_id,
        contacts.contact_id,
        companies.company_id,
        deals.closed_date as converted_date
    from {{ ref('int_deals_unioned') }} as deals
    left join {{ ref('int_contacts_resolved') }} as contacts on deals.contact_reference = contacts.contact_reference
    left join {{ ref('int_companies_resolved') }} as companies
        on deals.company_reference = companies.company_reference
    where deals.outcome = 'won' and deals.closed_date is not null
),

buyers as (
    select conversion_id, contact_id, converted_date
    from conversions
    where contact_id is not null
    union
    select conversions.conversion_id, contacts.contact_id, conversions.converted_date
    from conversions
    inner join {{ ref('int_contacts_resolved') }} as contacts on conversions.company_id = contacts.company_id
)

select
    buyers.conversion_id,
    buyers.converted_date,
    touchpoints.touchpoint_id,
    touchpoints.channel_id,
    {{ days_between('touchpoints.occurred_date', 'buyers.converted_date') }} as days_before,
    row_number() over (
        partition by buyers.conversion_id order by touchpoints.occurred_at, touchpoints.touchpoint_id
    ) as touch_number,
    count(*) over (partition by buyers.conversion_id) as touches
from buyers
inner join {{ ref('int_touchpoints_matched') }} as touchpoints
    on
        buyers.contact_id = touchpoints.contact_id
        and touchpoints.occurred_date <= buyers.converted_date
        and touchpoints.occurred_date >= {{ add_days('buyers.converted_date', -90) }}
