with companies as (
    select
        reference,
        entity_id
    from {{ ref('int_crm_ids_matched') }}
    where entity = 'company'
)

select
    {{ surrogate_key(['orders.source_system', 'orders.order_id']) }} as order_key,
    orders.source_system || ':' || orders.order_id as order_id,
    orders.ordered_on as ordered_date,
    coalesce(own_companies.entity_id, companies.entity_id) as company_id,
    coalesce(orders.row_period, 'order') as row_period,
    orders.amount,
    orders.currency,
    {{ at_rate('orders.amount', 'rates.fx_rate') }} as amount_reporting,
    {{ at_rate('orders.cost_of_goods', 'rates.fx_rate') }} as cost_of_goods_reporting,
    rates.fx_rate,
    rates.fx_rate_date,
    upper(trim(orders.promo_code)) as promo_code,
    campaigns.campaign_id,
    orders.geography,
    orders.is_new_customer
from {{ ref('stg_feeds__orders') }} as orders
left join companies as own_companies
    on orders.source_system || ':' || orders.customer_id = own_companies.reference
left join companies on orders.customer_id = companies.reference
left join {{ ref('int_campaigns_resolved') }} as campaigns on orders.campaign_text = campaigns.campaign_text
left join {{ ref('int_fx_rates_filled') }} as rates
    on orders.currency = rates.currency and orders.ordered_on = rates.date_day
