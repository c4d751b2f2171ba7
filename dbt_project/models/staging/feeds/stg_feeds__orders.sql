select
    latest.system as source_system,
    latest.order_id,
    latest.ordered_on,
    latest.customer_id,
    latest.contact_email_hash,
    latest.amount,
    latest.cost_of_goods,
    upper(trim(latest.currency)) as currency,
    latest.promo_code,
    nullif(trim(latest.campaign), '') as campaign_text,
    latest.geography,
    latest.is_new_customer,
    latest.period as row_period
from {{ latest_version(source('feeds', 'orders')) }}
