{# What journeys are counted by: one row per conversion_kind and conversion_id, with the day, whose it is and
   what it was worth in reporting currency (null: unknown, or no money in this kind). A lead that was
   qualified on no known day cannot end a journey and is left out. #}
{% macro conversions() -%}
    select
        'deal_won' as conversion_kind,
        deal_id as conversion_id,
        contact_id,
        company_id,
        closed_date as converted_date,
        amount_reporting as revenue_reporting
    from {{ ref('fct_deals') }}
    where is_won and closed_date is not null
    union all
    select
        'lead_qualified' as conversion_kind,
        lead_id as conversion_id,
        contact_id,
        {{ plumbline.unknown('text') }} as company_id,
        qualified_date as converted_date,
        {{ plumbline.unknown('money') }} as revenue_reporting
    from {{ ref('fct_leads') }}
    where is_qualified and qualified_date is not null
{%- endmacro %}

{# What people did whom we know: one row per order, by the address that it gave, and per lead, by its contact. #}
{% macro known_outcomes() -%}
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
{%- endmacro %}
