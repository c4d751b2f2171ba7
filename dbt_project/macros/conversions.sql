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
