{# What tests are read on. A place is at 0 on a day without an outcome between the first and the last day of
   which the system tells, all places together; where a place's revenue comes by day or week, its orders
   cannot be counted nor its revenue dated. #}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

leads as (
    select
        geography,
        created_date as date_day,
        count(*) as leads_created
    from {{ ref('fct_leads') }}
    where geography is not null and created_date is not null
    group by geography, created_date
),

-- By the day on which they were qualified, as in mmm_weeks. A lead that is qualified nobody says when
-- makes its place's count unknown from the day on which it came.
qualified as (
    select
        geography,
        qualified_date as date_day,
        count(*) as leads_qualified
    from {{ ref('fct_leads') }}
    where geography is not null and is_qualified and qualified_date is not null
    group by geography, qualified_date
),

undated as (
    select
        geography,
        min(created_date) as first_undated
    from {{ ref('fct_leads') }}
    where geography is not null and is_qualified and qualified_date is null
    group by geography
),

orders as (
    select
        geography,
        ordered_date as date_day,
        count(*) as orders,
        sum(amount_reporting) as revenue,
        count(*) - count(amount_reporting) as unknown_amounts
    from {{ ref('fct_orders') }}
    where geography is not null and ordered_date is not null
    group by geography, ordered_date
),

added_up as (
    select distinct geography
    from {{ ref('fct_orders') }}
    where row_period <> 'order' and geography is not null
),

places as (
    select geography from leads
    union
    select geography from qualified
    union
    select geography from orders
),

systems as (
    select 'leads' as outcome, date_day from leads
    union all
    select 'qualified' as outcome, date_day from qualified
    union all
    select 'orders' as outcome, date_day from orders
),

told as (
    select
        min(date_day) as first_day,
        max(date_day) as last_day,
        min(case when outcome = 'leads' then date_day end) as first_lead,
        max(case when outcome = 'leads' then date_day end) as last_lead,
        min(case when outcome = 'qualified' then date_day end) as first_qualified,
        max(case when outcome = 'qualified' then date_day end) as last_qualified,
        min(case when outcome = 'orders' then date_day end) as first_order,
        max(case when outcome = 'orders' then date_day end) as last_order
    from systems
),

days as (
    select
        places.geography,
        dates.date_day,
        case when dates.date_day between told.first_lead and told.last_lead then 1 else 0 end as has_leads,
        case
            when undated.first_undated <= dates.date_day then 0
            when dates.date_day between told.first_qualified and told.last_qualified then 1
            else 0
        end as has_qualified,
        case
            when added_up.geography is null and dates.date_day between told.first_order and told.last_order then 1
            else 0
        end as has_orders
    from places
    cross join told
    cross join organization
    inner join {{ ref('dim_dates') }} as dates
        on dates.date_day between told.first_day and told.last_day and dates.date_day <= organization.as_of
    left join added_up on places.geography = added_up.geography
    left join undated on places.geography = undated.geography
)

select
    {{ surrogate_key(['days.geography', 'days.date_day']) }} as outcome_day_key,
    days.geography,
    days.date_day,
    {{ as_type('case when days.has_leads = 1 then coalesce(leads.leads_created, 0) end', 'integer') }}
        as leads_created,
    {{ as_type('case when days.has_qualified = 1 then coalesce(qualified.leads_qualified, 0) end', 'integer') }}
        as leads_qualified,
    {{ as_type('case when days.has_orders = 1 then coalesce(orders.orders, 0) end', 'integer') }} as orders,
    {{ as_type(
        'case when days.has_orders = 1 and coalesce(orders.unknown_amounts, 0) = 0'
        ~ ' then coalesce(orders.revenue, 0) end', 'money'
    ) }} as revenue_reporting
from days
left join leads on days.geography = leads.geography and days.date_day = leads.date_day
left join qualified on days.geography = qualified.geography and days.date_day = qualified.date_day
left join orders on days.geography = orders.geography and days.date_day = orders.date_day
