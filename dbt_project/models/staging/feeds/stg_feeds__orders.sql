select
    latest.system as source_system,
    latest.order_id,
    latest.ordered_on,
    latest.customer_id,
    latest.contact_email_hash,
    latest.amount,
    latest.cost_of_goods,
    latest.currency,
    latest.promo_code,
    latest.campaign as reported_campaign,
    latest.geography,
    latest.is_new_customer,
    latest.period as row_period
from {{ latest_version(source('feeds', 'orders')) }}
