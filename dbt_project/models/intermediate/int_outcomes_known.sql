{# What people did whom we know: orders by the address that they gave, leads by their contact. #}
select
    'orders' as outcome,
    emails.entity_id as contact_id,
    orders.ordered_on as date_day,
    upper(trim(orders.promo_code)) as promo_code
from {{ ref('stg_feeds__orders') }} as orders
inner join {{ ref('int_crm_ids_matched') }} as emails
    on
        emails.entity = 'contact'
        and emails.key_kind = 'email'
        and orders.contact_email_hash = emails.reference
where coalesce(orders.row_period, 'order') = 'order'
union all
select
    'leads_created' as outcome,
    contact_id,
    created_date as date_day,
    promo_code
from {{ ref('fct_leads') }}
where contact_id is not null
