{# Of the orders that a campaign could have caused - in a geography where it ran, from its first day there
   until four weeks after its last one - how many carried one of its codes. A lower bound: who forgets the
   code counts as one who never saw it. #}
with exposed as (
    select
        campaigns.campaign_id,
        days.geography,
        min(days.date_day) as first_day,
        {{ add_days('max(days.date_day)', 28) }} as last_day
    from {{ ref('int_channel_days_spread') }} as days
    inner join {{ ref('int_campaigns_resolved') }} as campaigns on trim(days.campaign_text) = campaigns.campaign_text
    where
        days.geography is not null
        and greatest(
            coalesce(days.spend, 0), coalesce(days.impressions, 0), coalesce(days.grps, 0),
            coalesce(days.insertions, 0), coalesce(days.deliveries, 0)
        ) > 0
    group by campaigns.campaign_id, days.geography
),

orders as (
    select * from {{ ref('fct_orders') }}
    where row_period = 'order' and geography is not null
),

-- A campaign without a code of its own has no share of nought.
coded as (
    select distinct campaign_id from orders
    where campaign_id is not null and promo_code is not null
),

-- Codes wander to coupon sites: those redeemed where or when the campaign did not run are shown, not counted.
leaked as (
    select
        orders.campaign_id,
        orders.geography,
        {{ period_start('orders.ordered_date', 'month') }} as month_start_date,
        count(*) as orders
    from orders
    left join exposed
        on
            orders.campaign_id = exposed.campaign_id
            and orders.geography = exposed.geography
            and orders.ordered_date between exposed.first_day and exposed.last_day
    where orders.campaign_id is not null and orders.promo_code is not null and exposed.campaign_id is null
    group by orders.campaign_id, orders.geography, {{ period_start('orders.ordered_date', 'month') }}
),

reached as (
    select
        exposed.campaign_id,
        exposed.geography,
        {{ period_start('orders.ordered_date', 'month') }} as month_start_date,
        count(*) as orders,
        sum(case when orders.campaign_id = exposed.campaign_id and orders.promo_code is not null then 1 else 0 end)
            as orders_with_code
    from exposed
    inner join coded on exposed.campaign_id = coded.campaign_id
    inner join orders
        on
            exposed.geography = orders.geography
            and orders.ordered_date between exposed.first_day and exposed.last_day
    group by exposed.campaign_id, exposed.geography, {{ period_start('orders.ordered_date', 'month') }}
),

months as (
    select
        coalesce(reached.campaign_id, leaked.campaign_id) as campaign_id,
        coalesce(reached.geography, leaked.geography) as geography,
        coalesce(reached.month_start_date, leaked.month_start_date) as month_start_date,
        reached.orders,
        reached.orders_with_code,
        coalesce(leaked.orders, 0) as orders_leaked
    from reached
    full outer join leaked
        on
            reached.campaign_id = leaked.campaign_id
            and reached.geography = leaked.geography
            and reached.month_start_date = leaked.month_start_date
)

select
    {{ surrogate_key(['campaign_id', 'geography', 'month_start_date']) }} as code_redemption_key,
    campaign_id,
    geography,
    month_start_date,
    {{ as_type('orders', 'integer') }} as orders_exposed,
    {{ as_type('orders_with_code', 'integer') }} as orders_with_code,
    {{ as_type('orders_leaked', 'integer') }} as orders_leaked
from months
